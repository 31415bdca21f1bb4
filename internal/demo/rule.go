package demo

import "strings"

// Rule is a pattern, and the same said in Go.
type Rule struct {
	Name    string
	Queue   string // without its suffix
	Pattern string
	FIFO    bool // the queue keeps order, in one message group
	Matches func(e *Event) bool
}

// rules use most of the language on what GitHub really sends.
var rules = []Rule{
	{
		Name: "everything", Queue: "audit",
		Pattern: `{"source":["github.com"]}`,
		Matches: func(*Event) bool { return true },
	},
	{
		Name: "reviews", Queue: "pull-requests", FIFO: true,
		Pattern: `{"detail-type":[{"prefix":"pull_request"}]}`,
		Matches: func(e *Event) bool { return strings.HasPrefix(e.DetailType, "pull_request") },
	},
	{
		Name: "new-work", Queue: "triage",
		Pattern: `{"detail-type":["issues","pull_request"],"detail":{"action":["opened","reopened"]}}`,
		Matches: func(e *Event) bool {
			action := at(e.Payload, "action")
			return (e.DetailType == "issues" || e.DetailType == "pull_request") && (action == "opened" || action == "reopened")
		},
	},
	{
		Name: "strangers", Queue: "welcome",
		Pattern: `{"detail":{"sender":{"login":[{"anything-but":["Codertocat","github"]}]}}}`,
		Matches: func(e *Event) bool {
			login, there := at(e.Payload, "sender", "login").(string)
			return there && login != "Codertocat" && login != "github"
		},
	},
	{
		Name: "busy", Queue: "capacity",
		Pattern: `{"detail":{"repository":{"open_issues_count":[{"numeric":[">",1,"<=",100]}]}}}`,
		Matches: func(e *Event) bool {
			open, there := at(e.Payload, "repository", "open_issues_count").(float64)
			return there && open > 1 && open <= 100
		},
	},
	{
		Name: "unmanaged", Queue: "governance",
		Pattern: `{"detail":{"organization":{"login":[{"exists":true}]},"installation":{"id":[{"exists":false}]}}}`,
		Matches: func(e *Event) bool {
			return at(e.Payload, "organization", "login") != nil && at(e.Payload, "installation", "id") == nil
		},
	},
}
