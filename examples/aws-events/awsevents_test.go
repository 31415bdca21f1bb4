package awsevents

import (
	"strings"
	"testing"
)

func TestEveryEventIsOfAServiceOfAWS(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 39 {
		t.Errorf("%d events; README.md says 39", len(all))
	}
	for i, e := range all {
		if !strings.HasPrefix(e.Source, "aws.") || e.DetailType == "" || e.Detail[0] != '{' {
			t.Errorf("event %d is %+v", i, e)
		}
	}
}
