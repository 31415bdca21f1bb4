package transform

import "testing"

// Carillon's own placeholder: the whole result, a part of it, and within a text,
// where quotes go as they do for <aws.events.event.json>.
func TestATemplateMayAskForTheEventAsACloudEvent(t *testing.T) {
	const event = `{"version":"0","id":"1","detail-type":"paid","source":"shop","account":"1","time":"2026-01-02T03:04:05Z","region":"r","resources":[],"detail":{ "n": 1.50 }}`
	const want = `{"specversion":"1.0","source":"shop","type":"paid","id":"1","time":"2026-01-02T03:04:05Z","datacontenttype":"application/json","data":{"n":1.50}}`
	for template, want := range map[string]string{
		`<carillon.cloudevent>`:          want,
		`{"e": <carillon.cloudevent>}`:   `{"e": ` + want + `}`,
		`"it is <carillon.cloudevent>."`: `"it is {specversion:1.0,source:shop,type:paid,id:1,time:2026-01-02T03:04:05Z,datacontenttype:application/json,data:{n:1.50}}."`,
	} {
		x, err := Compile(Spec{Target: "t", Transformer: &Transformer{Template: template}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := x.Apply(nil, []byte(event), Context{}); err != nil || string(got) != want {
			t.Errorf("%s makes %s, %v\nwant %s", template, got, err, want)
		}
		if got, err := x.Apply(nil, []byte(`[1]`), Context{}); err != nil || len(got) == 0 {
			t.Errorf("%s of no event: %q, %v", template, got, err)
		}
	}
}
