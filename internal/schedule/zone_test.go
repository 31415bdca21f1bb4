package schedule

import (
	"testing"
	"time"
	_ "time/tzdata" // the same changes on every machine
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestSchedulerFollowsDaylightSaving(t *testing.T) {
	const newYork, samoa, lordHowe = "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"
	for _, c := range []struct {
		name, zone, text, from string // from and want are in UTC
		want                   []string
	}{
		{"a single time of its page", "America/Los_Angeles", "at(2022-11-20T13:00:00)", "2022-11-01 00:00",
			[]string{"2022-11-20 21:00", "never"}},
		{"half past eight, every day of every year", newYork, "cron(30 8 * * ?)", "2026-12-30 20:00",
			[]string{"2026-12-31 13:30", "2027-01-01 13:30"}},
		{"the skipped half past two of its page", "America/Los_Angeles", "cron(30 2 * * ? *)", "2026-03-07 00:00",
			[]string{"2026-03-07 10:30", "2026-03-09 09:30"}},
		{"nine in the morning stays nine in the morning", newYork, "cron(0 9 * * ? *)", "2026-03-07 00:00",
			[]string{"2026-03-07 14:00", "2026-03-08 13:00", "2026-03-09 13:00"}},
		{"a time that clocks skip is skipped", newYork, "cron(30 2 * * ? *)", "2026-03-07 00:00",
			[]string{"2026-03-07 07:30", "2026-03-09 06:30"}},
		{"the minutes around it are not", newYork, "cron(0/30 * * * ? *)", "2026-03-08 06:00",
			[]string{"2026-03-08 06:30", "2026-03-08 07:00", "2026-03-08 07:30"}},
		{"a time that clocks show twice counts once, the first time", newYork, "cron(30 1 * * ? *)", "2026-10-31 00:00",
			[]string{"2026-10-31 05:30", "2026-11-01 05:30", "2026-11-02 06:30"}},
		{"also for one that starts in the second hour", newYork, "cron(30 1 * * ? *)", "2026-11-01 06:10",
			[]string{"2026-11-02 06:30"}},
		{"also for one of many a day", newYork, "cron(0/30 * * * ? *)", "2026-11-01 05:00",
			[]string{"2026-11-01 05:30", "2026-11-01 07:00", "2026-11-01 07:30"}},
		{"half an hour of daylight saving", lordHowe, "cron(15 2 * * ? *)", "2026-10-02 00:00",
			[]string{"2026-10-02 15:45", "2026-10-04 15:15"}},
		{"and back", lordHowe, "cron(45 1 * * ? *)", "2026-04-03 20:00",
			[]string{"2026-04-04 14:45", "2026-04-05 15:15"}},
		{"a day that a country skips", samoa, "cron(0 12 30 * ? *)", "2011-11-01 00:00",
			[]string{"2011-11-30 22:00", "2012-01-29 22:00"}},
		{"days of a rate have 24 hours", newYork, "rate(1 day)", "2026-03-07 00:00",
			[]string{"2026-03-08 00:00", "2026-03-09 00:00", "2026-03-10 00:00"}},
		{"a single time that clocks skip comes an hour later", newYork, "at(2026-03-08T02:30:00)", "2026-03-08 00:00",
			[]string{"2026-03-08 07:30", "never"}},
		{"a single time that clocks show twice comes the first time", newYork, "at(2026-11-01T01:30:00)", "2026-11-01 00:00",
			[]string{"2026-11-01 05:30", "never"}},
	} {
		e, err := ParseScheduler(c.text, zone(t, c.zone))
		if err != nil {
			t.Errorf("%s: %s: %s", c.name, c.text, detail(err))
			continue
		}
		wantRun(t, c.name, e, c.from, c.want...)
	}
}

func TestWhoAsksInTheSecondHourIsToldOfTheFirst(t *testing.T) {
	e, err := ParseScheduler("cron(50 1 * * ? *)", zone(t, "America/New_York"))
	if err != nil {
		t.Fatal(err)
	}
	// 01:10, for the second time; clocks have shown 01:50 already.
	if at, ok := e.Prev(when(t, "2026-11-01 06:10")); !ok || !at.Equal(when(t, "2026-11-01 05:50")) {
		t.Errorf("it occurred last at %v %v", at, ok)
	}
}
