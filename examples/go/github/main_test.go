package main

import (
	"testing"

	"github.com/carillon-events/carillon/carillontest"
)

func TestEverySubscriberHasWhatItsPolicyIsFor(t *testing.T) {
	c := carillontest.Start(t)
	if err := run(t.Context(), c.ConfigFor(account, region), t.Output()); err != nil {
		t.Fatal(err)
	}
}
