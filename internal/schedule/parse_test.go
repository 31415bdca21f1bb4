package schedule

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestARuleTakesWhatAWSTakes(t *testing.T) {
	for name, text := range map[string]string{
		"a rate of one has a singular unit": "rate(1 minute)",
		"a rate of many has a plural unit":  "rate(5 minutes)",
		"hours":                             "rate(1 hour)",
		"days":                              "rate(7 days)",
		"every day at ten":                  "cron(0 10 * * ? *)",
		"weekdays by name":                  "cron(0 18 ? * MON-FRI *)",
		"weekdays by number":                "cron(0 9 ? * 2-6 *)",
		"names in lower case, and a week that ends with Sunday": "cron(* * ? * mon-sun *)",
		"hours across midnight":                                 "cron(0/30 20-2 ? * MON-FRI *)",
		"a list":                                                "cron(5,35 14 * * ? *)",
		"months by name":                                        "cron(0 0 1 JAN,FEB,MAR ? *)",
		"years":                                                 "cron(15 10 ? * 6L 2019-2022)",
		"the last Friday by name":                               "cron(15 10 ? * FRIL *)",
		"a star in the day of the week":                         "cron(5/10 * ? * * *)",
		"both outer years":                                      "cron(0 0 1 1 ? 1970,2199)",
		"the last day of the month":                             "cron(0 0 L * ? *)",
		"days before the last":                                  "cron(0 0 L-3 * ? *)",
		"the last weekday of the month":                         "cron(0 21 LW * ? *)",
		"the weekday nearest to a day":                          "cron(0 0 3W * ? *)",
		"the second Tuesday":                                    "cron(0 0 ? * 3#2 *)",
		"the first Monday by name":                              "cron(0 0 ? * MON#1 *)",
		"the last day of the week":                              "cron(0 0 ? * L *)",
		"a step within a range":                                 "cron(0 11-23/2 * * ? *)",
		"ranges of one value":                                   "cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)",
		"a list of steps":                                       "cron(0 0 1/10,2,3/8 * ? *)",
		"commas after fields":                                   "cron(0/5, 9-18, ?, *, MON-FRI, *)",
		"more blanks than needed":                               "cron( 0  10\t* * ? * )",
		"leading zeros":                                         "cron(05 08 01 01 ? *)",
		"a day that does not exist, which simply never comes":   "cron(0 0 30 2 ? *)",
		"years that are over":                                   "cron(0 0 1 1 ? 2019)",
		"as many characters as AWS allows":                      "cron(0" + strings.Repeat(" ", 256-len("cron(0 10 * * ? *)")) + " 10 * * ? *)",
		"a step without a value, as in Quartz":                  "cron(/15 * * * ? *)",
		"a star that is stepped":                                "cron(*/5 * * * ? *)",
		"a step in the day of the week, as Lambda's page lists it": "cron(0 0 ? * MON/2 *)",
	} {
		if e, err := Parse(text); err != nil {
			t.Errorf("%s: %s: %s", name, text, detail(err))
		} else if e.String() != text {
			t.Errorf("%s: %s became %s", name, text, e)
		}
	}
}

func TestARuleRefusesAndSaysWhichFieldAndWhy(t *testing.T) {
	for name, c := range map[string]struct{ text, detail string }{
		"a plural unit after one":            {"rate(1 minutes)", `In rate unit: after 1 the unit is "minute".`},
		"a singular unit after many":         {"rate(5 hour)", `In rate unit: after 5 the unit is "hours".`},
		"less than a minute":                 {"rate(30 seconds)", `In rate unit: "seconds" is none of minute, minutes, hour, hours, day and days.`},
		"nothing at all as a rate":           {"rate(0 minutes)", `In rate value: "0" is not a whole number between 1 and 1000000.`},
		"a negative rate":                    {"rate(-5 minutes)", `In rate value: "-5" is not a whole number between 1 and 1000000.`},
		"a fraction":                         {"rate(1.5 hours)", `In rate value: "1.5" is not a whole number between 1 and 1000000.`},
		"a rate without a unit":              {"rate(5)", "In rate: it takes a value and a unit, such as rate(5 minutes)."},
		"a unit in upper case":               {"rate(5 MINUTES)", `In rate unit: "MINUTES" is none of minute, minutes, hour, hours, day and days.`},
		"five fields":                        {"cron(0/10 * ? * *)", "A cron expression has six fields (minutes hours day-of-month month day-of-week year), this one has 5."},
		"seven fields":                       {"cron(0 0/1 * * * ? *)", "A cron expression has six fields (minutes hours day-of-month month day-of-week year), this one has 7."},
		"stars in both day fields":           {"cron(0/15 * * * * *)", "In day-of-month and day-of-week: one of them must be ?."},
		"a star and a range in the days":     {"cron(7 20 * * 1-7 *)", "In day-of-month and day-of-week: one of them must be ?."},
		"? in both day fields":               {"cron(0 0 ? * ? *)", "In day-of-month and day-of-week: only one of them may be ?."},
		"? as a year":                        {"cron(0/5 9-22 ? 1-4 1-7 ?)", "In year: ? stands alone, in day-of-month or in day-of-week."},
		"? in a list":                        {"cron(0 0 1,? * ? *)", "In day-of-month: ? stands alone, in day-of-month or in day-of-week."},
		"? as a month":                       {"cron(0 8 * ? 2-6 *)", "In month: ? stands alone, in day-of-month or in day-of-week."},
		"a step of an hour in the minutes":   {"cron(*/60 * * * ? *)", `In minutes: the step "60" is not a whole number between 1 and 59.`},
		"a step of nothing":                  {"cron(0/0 * * * ? *)", `In minutes: the step "0" is not a whole number between 1 and 59.`},
		"no step":                            {"cron(/ 5-6 ? * * *)", `In minutes: the step "" is not a whole number between 1 and 59.`},
		"the 60th minute":                    {"cron(60 * * * ? *)", `In minutes: "60" is not 0 to 59.`},
		"the 24th hour":                      {"cron(0 24 * * ? *)", `In hours: "24" is not 0 to 23.`},
		"day 0":                              {"cron(0 0 0 * ? *)", `In day-of-month: "0" is not 1 to 31.`},
		"day 32":                             {"cron(0 0 32 * ? *)", `In day-of-month: "32" is not 1 to 31.`},
		"month 13":                           {"cron(0 0 1 13 ? *)", `In month: "13" is not 1 to 12 or JAN to DEC.`},
		"a month by its whole name":          {"cron(0 0 1 JUNE ? *)", `In month: "JUNE" is not 1 to 12 or JAN to DEC.`},
		"Unix's Sunday":                      {"cron(15 12 ? * 0 *)", `In day-of-week: "0" is not 1 to 7 or SUN to SAT.`},
		"a negative day":                     {"cron(15 12 ? * -1 *)", `In day-of-week: "" is not 1 to 7 or SUN to SAT.`},
		"a day of the week among the months": {"cron(0 0 1 MON ? *)", `In month: "MON" is not 1 to 12 or JAN to DEC.`},
		"a year too early":                   {"cron(0 0 1 1 ? 1969)", `In year: "1969" is not 1970 to 2199.`},
		"a year too late":                    {"cron(0 0 1 1 ? 2200)", `In year: "2200" is not 1970 to 2199.`},
		"years backwards":                    {"cron(0 0 1 1 ? 2030-2020)", `In year: the range "2030-2020" ends before it starts.`},
		"a range of three":                   {"cron(1-2-3 * * * ? *)", `In minutes: "2-3" is not 0 to 59.`},
		"only commas":                        {"cron(,, * * * ? *)", "In minutes: there is no value."},
		"two of #":                           {"cron(0 0 ? * 3#1,6#3 *)", "In day-of-week: L and # stand alone, not in a list."},
		"a sixth Tuesday":                    {"cron(0 0 ? * 3#6 *)", `In day-of-week: "6" after # is not 1 to 5.`},
		"a list of L":                        {"cron(0 0 1,L * ? *)", "In day-of-month: L and W stand alone, not in a list."},
		"L-0":                                {"cron(0 0 L-0 * ? *)", `In day-of-month: "L-0" is not L, or L-1 to L-30.`},
		"W without a day":                    {"cron(0 0 W * ? *)", `In day-of-month: "W" is none of L, L-3, LW and 15W.`},
		"a day before L":                     {"cron(0 0 5L * ? *)", `In day-of-month: "5L" is none of L, L-3, LW and 15W.`},
		"at":                                 {"at(2030-01-31T13:00:00)", "A rule knows rate(…) and cron(…); at(…) is for EventBridge Scheduler."},
		"no parentheses":                     {"rate 5 minutes", "It is neither rate(…) nor cron(…)."},
		"no end":                             {"rate(5 minutes", "It is neither rate(…) nor cron(…)."},
		"text after the end":                 {"rate(5 minutes) ", "It is neither rate(…) nor cron(…)."},
		"upper case":                         {"RATE(5 minutes)", "It is neither rate(…) nor cron(…)."},
		"nothing":                            {"", "It is neither rate(…) nor cron(…)."},
		"Unix's cron":                        {"*/5 * * * *", "It is neither rate(…) nor cron(…)."},
		"more than AWS's 256 characters":     {"cron(0" + strings.Repeat(" ", 257-len("cron(0 10 * * ? *)")) + " 10 * * ? *)", "It has 257 characters, and may have 256."},
	} {
		_, err := Parse(c.text)
		if err == nil {
			t.Errorf("%s: %s is taken", name, c.text)
			continue
		}
		if got, want := err.Error(), "Parameter ScheduleExpression is not valid."; got != want {
			t.Errorf("%s: %s: %q, want %q", name, c.text, got, want)
		}
		if got := detail(err); got != c.detail {
			t.Errorf("%s: %s:\n got %s\nwant %s", name, c.text, got, c.detail)
		}
	}
}

func TestSchedulerKnowsWhatRulesDoNot(t *testing.T) {
	for name, text := range map[string]string{
		"a single time":                   "at(2022-11-20T13:00:00)",
		"days of one, as its page has it": "rate(1 days)",
		"the other way too":               "rate(5 hour)",
		"a cron without a year":           "cron(30 8 * * ?)",
	} {
		if _, err := ParseScheduler(text, time.UTC); err != nil {
			t.Errorf("%s: %s: %s", name, text, detail(err))
		}
	}
}

func TestSchedulerRefusesATimeThatIsNoTime(t *testing.T) {
	for name, text := range map[string]string{
		"a day that does not exist": "at(2023-02-29T13:00:00)",
		"a blank for the T":         "at(2022-11-20 13:00:00)",
		"no seconds":                "at(2022-11-20T13:00)",
		"a zone":                    "at(2022-11-20T13:00:00Z)",
		"fractions of a second":     "at(2022-11-20T13:00:00.5)",
		"single digits":             "at(2022-11-20T3:00:00)",
		"hour 24":                   "at(2022-11-20T24:00:00)",
		"blanks around":             "at( 2022-11-20T13:00:00 )",
	} {
		_, err := ParseScheduler(text, time.UTC)
		if err == nil {
			t.Errorf("%s: %s is taken", name, text)
		} else if want := "Invalid Schedule Expression " + text + "."; err.Error() != want {
			t.Errorf("%s: %q, want %q", name, err, want)
		}
	}
}

func detail(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return "not an *Error: " + err.Error()
	}
	return e.Detail()
}
