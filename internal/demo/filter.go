package demo

import "strings"

// Filter is what a queue gets of GitHub's events: a pattern, and the same said in
// Go.
type Filter struct {
	Queue   string
	Pattern string
	FIFO    bool // the queue keeps order, in one message group
	Matches func(e *Event) bool
}

// filters use most of the language on what GitHub really sends.
var filters = []Filter{
	{
		Queue:   "audit", // everything
		Matches: func(*Event) bool { return true },
	},
	{
		Queue: "pull-requests.fifo", FIFO: true,
		Pattern: `{"detail-type":[{"prefix":"pull_request"}]}`,
		Matches: func(e *Event) bool { return strings.HasPrefix(e.DetailType, "pull_request") },
	},
	{
		Queue:   "triage",
		Pattern: `{"detail-type":["issues","pull_request"],"detail":{"action":["opened","reopened"]}}`,
		Matches: func(e *Event) bool {
			action := at(e.Payload, "action")
			return (e.DetailType == "issues" || e.DetailType == "pull_request") && (action == "opened" || action == "reopened")
		},
	},
	{
		Queue:   "welcome",
		Pattern: `{"detail":{"sender":{"login":[{"anything-but":["Codertocat","github"]}]}}}`,
		Matches: func(e *Event) bool {
			login, there := at(e.Payload, "sender", "login").(string)
			return there && login != "Codertocat" && login != "github"
		},
	},
	{
		Queue:   "capacity",
		Pattern: `{"detail":{"repository":{"open_issues_count":[{"numeric":[">",1,"<=",100]}]}}}`,
		Matches: func(e *Event) bool {
			open, there := at(e.Payload, "repository", "open_issues_count").(float64)
			return there && open > 1 && open <= 100
		},
	},
	{
		Queue:   "governance",
		Pattern: `{"detail":{"organization":{"login":[{"exists":true}]},"installation":{"id":[{"exists":false}]}}}`,
		Matches: func(e *Event) bool {
			return at(e.Payload, "organization", "login") != nil && at(e.Payload, "installation", "id") == nil
		},
	},
}
