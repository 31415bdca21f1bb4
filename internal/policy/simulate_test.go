package policy

import (
	"reflect"
	"testing"
)

func TestASimulationShowsTheStatementsWithTheirPlaces(t *testing.T) {
	text := `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "a", "Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:${aws:username}-*"
    },
    {"Sid": "b", "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}},
    {"Sid": "c", "Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"}
  ]
}`
	s := &Set{
		Identity: []Policy{{Name: "PolicyInputList.1", Document: mustParse(t, Identity, text)}},
		Boundary: policyOf(t, Boundary, `{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}`),
	}
	keys := Values{"aws:username": One("ann")}
	r := &Request{Principal: ann, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:111111111111:ann-q", Context: keys}

	sim := Simulate(r, s)
	want := []Match{{Policy: &s.Identity[0], Statement: 0, Sid: "a", Effect: Allow, Start: Position{4, 5}, End: Position{6, 6}}}
	if !sim.Allows() || sim.Outcome.String() != "allowed" || !reflect.DeepEqual(sim.Matched, want) || !sim.AllowedByBoundary {
		t.Errorf("%v %+v", sim.Outcome, sim)
	}
	if !reflect.DeepEqual(sim.Missing, []string{"aws:RequestedRegion"}) {
		t.Errorf("missing %v", sim.Missing)
	}

	r.Action = "sqs:DeleteQueue"
	sim = Simulate(r, s)
	want = []Match{{Policy: &s.Identity[0], Statement: 2, Sid: "c", Effect: Deny, Start: Position{8, 5}, End: Position{8, 81}}}
	if sim.Outcome.String() != "explicitDeny" || !reflect.DeepEqual(sim.Matched, want) {
		t.Errorf("%v %+v", sim.Outcome, sim.Matched)
	}

	r.Action = "sns:Publish"
	keys.Set("aws:RequestedRegion", One("us-east-1"))
	sim = Simulate(r, s)
	if sim.Outcome.String() != "implicitDeny" || len(sim.Matched) != 1 || sim.Matched[0].Sid != "b" || sim.AllowedByBoundary || sim.Missing != nil {
		t.Errorf("%v %+v", sim.Outcome, sim)
	}
}

func TestKeysAreWhatConditionsAndVariablesAskFor(t *testing.T) {
	d := mustParse(t, Resource, statementsOf(
		`{"Effect": "Allow", "Principal": "*", "Action": "sns:*", "Resource": "arn:aws:sns:*:*:${aws:PrincipalTag/Team}", "Condition": {"StringLike": {"sns:Endpoint": "https://${aws:username, 'x'}/"}, "Null": {"SNS:endpoint": "false"}}}`))
	if got, want := d.Keys(), []string{"aws:principaltag/team", "sns:Endpoint", "aws:username"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
