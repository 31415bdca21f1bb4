package schedule

import (
	"testing"
	"time"
)

func BenchmarkNext(b *testing.B) {
	for _, c := range []struct{ name, text, zone string }{
		{"rate", "rate(5 minutes)", "UTC"},
		{"every5minutes", "cron(0/5 8-17 ? * MON-FRI *)", "UTC"},
		{"every5minutesInNewYork", "cron(0/5 8-17 ? * MON-FRI *)", "America/New_York"},
		{"lastWeekday", "cron(0 21 LW * ? *)", "UTC"},
		{"february29", "cron(0 0 29 2 ? *)", "UTC"},
		{"never", "cron(0 0 30 2 ? *)", "UTC"},
	} {
		b.Run(c.name, func(b *testing.B) {
			e, err := ParseScheduler(c.text, zone(b, c.zone))
			if err != nil {
				b.Fatal(err)
			}
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			at := start
			b.ReportAllocs()
			for b.Loop() {
				next, ok := e.Next(at)
				if !ok || next.Year() > 2100 {
					next = start
				}
				at = next
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("cron(0/5 8-17 ? JAN-MAR MON-FRI 2026-2030)"); err != nil {
			b.Fatal(err)
		}
	}
}
