package engine

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// workload is rules, and events that some of them want.
type workload struct {
	name   string
	rules  func(i int) string
	count  int
	events []string
	plain  bool // without SIMD
}

func BenchmarkMatch(b *testing.B) {
	for _, w := range workloads() {
		b.Run(w.name, func(b *testing.B) { w.run(b) })
	}
}

func (w *workload) run(b *testing.B) {
	if w.plain {
		avx2, avx512 := hasAVX2, hasAVX512
		defer func() { hasAVX2, hasAVX512 = avx2, avx512 }()
		hasAVX2, hasAVX512 = false, false
	}
	var before, after runtime.MemStats
	texts := make([]string, w.count)
	for i := range texts {
		texts[i] = w.rules(i)
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	set, began := NewSet(), time.Now()
	batch := make([]*Rule, w.count)
	for i := range batch {
		batch[i] = mustRule(b, texts[i])
		batch[i].Owner = nil
	}
	set.Add(batch...)
	took := time.Since(began)
	batch = nil
	runtime.GC()
	runtime.ReadMemStats(&after)

	var m Memory
	events, bytes, matched := make([][]byte, len(w.events)), 0, 0
	for i, e := range w.events {
		if !json.Valid([]byte(e)) {
			b.Fatalf("not JSON: %s", e)
		}
		events[i] = []byte(e)
		bytes += len(e)
		rules, _, err := set.Snapshot().Match(&m, events[i])
		if err != nil {
			b.Fatal(err)
		}
		matched += len(rules)
	}
	b.SetBytes(int64(bytes / len(events)))
	b.ReportAllocs()
	cpu := cpuTime(b)
	b.ResetTimer()
	for i := range b.N {
		if _, _, err := set.Snapshot().Match(&m, events[i%len(events)]); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/(cpuTime(b)-cpu).Seconds()/1e3, "kevents/cpu-s")
	b.ReportMetric(float64(matched)/float64(len(events)), "matches/event")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(w.count), "B/rule")
	b.ReportMetric(took.Seconds()*1e6/float64(w.count), "us/rule")
	runtime.KeepAlive(set)
	runtime.KeepAlive(texts)
}

// cpuTime is what the process has used; other processes do not count.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func workloads() []workload {
	var all []workload
	for _, n := range []int{1, 100, 1_000, 10_000, 100_000} {
		all = append(all, workload{name: fmt.Sprintf("eventbridge/rules=%d", n), rules: eventBridgeRule, count: n, events: eventBridgeEvents(n)})
	}
	all = append(all,
		workload{name: "eventbridge/unwanted/rules=1000", rules: eventBridgeRule, count: 1000, events: unwantedEvents()},
		workload{name: "eventbridge/unwanted/rules=100000", rules: eventBridgeRule, count: 100_000, events: unwantedEvents()},
		workload{name: "hard/wildcards", rules: hardRule(`"name": [{"wildcard": "*-%d-*"}]`), count: 1000, events: eventBridgeEvents(1000)},
		workload{name: "hard/wildcards-one-source", rules: wildcardRule, count: 1000, events: eventBridgeEvents(1000)},
		workload{name: "hard/anything-but", rules: hardRule(`"state": [{"anything-but": ["state-%d", "running"]}]`), count: 1000, events: eventBridgeEvents(1000)},
		workload{name: "hard/numeric", rules: hardRule(`"size": [{"numeric": [">", %[1]d, "<=", 1%[1]d]}]`), count: 1000, events: eventBridgeEvents(1000)},
		workload{name: "hard/numeric-one-source", rules: numericRule, count: 1000, events: eventBridgeEvents(1000)},
		workload{name: "hard/3x6", rules: sixFields, count: 1000, events: eventBridgeEvents(1000)},
	)
	for _, n := range []int{1, 1_000, 100_000} {
		all = append(all, workload{name: fmt.Sprintf("plain-go/rules=%d", n), rules: eventBridgeRule, count: n, events: eventBridgeEvents(n), plain: true})
	}
	for _, c := range cityRules {
		all = append(all, workload{name: "citylots/" + c.name, rules: func(i int) string { return c.rules[i] }, count: len(c.rules), events: cityEvents()})
	}
	all = append(all, workload{name: "citylots/mixed-45", rules: mixedRule, count: 45, events: cityEvents()})
	return all
}

// Sources and detail-types as a large account has them.
func source(i int) string     { return fmt.Sprintf("com.example.service-%d", i%100) }
func detailType(i int) string { return fmt.Sprintf("Resource State Change %d", i%20) }

// eventBridgeRule is a rule as people write them, all operators in turn.
func eventBridgeRule(i int) string {
	tests := []string{
		`"state": ["running", "stopped"], "id": ["i-%[1]d", "i-x"]`,
		`"name": [{"prefix": "resource-%[1]d-"}]`,
		`"name": [{"suffix": "-%[1]d.json"}]`,
		`"state": [{"anything-but": ["terminated", "state-%[1]d"]}], "owner": ["team-%[1]d"]`,
		`"size": [{"numeric": [">=", %[1]d, "<", 1%[1]d]}], "owner": ["team-%[1]d"]`,
		`"address": [{"cidr": "10.%[2]d.0.0/16"}], "owner": ["team-%[1]d"]`,
		`"owner": [{"equals-ignore-case": "TEAM-%[1]d"}]`,
		`"name": [{"wildcard": "*/path-%[1]d/*"}]`,
		`"error": [{"exists": false}], "id": ["i-%[1]d"]`,
		`"$or": [{"owner": ["team-%[1]d"]}, {"id": ["i-%[1]d"]}]`,
	}
	test := strings.NewReplacer("%[1]d", fmt.Sprint(i), "%[2]d", fmt.Sprint(i%250)).Replace(tests[i%len(tests)])
	return fmt.Sprintf(`{"source": [%q], "detail-type": [%q], "detail": {%s}}`, source(i), detailType(i/7), test)
}

func hardRule(test string) func(i int) string {
	return func(i int) string {
		t := strings.ReplaceAll(strings.ReplaceAll(test, "%[1]d", fmt.Sprint(i)), "%d", fmt.Sprint(i))
		return fmt.Sprintf(`{"source": [%q], "detail-type": [%q], "detail": {%s}}`, source(i), detailType(i/7), t)
	}
}

func wildcardRule(i int) string {
	return fmt.Sprintf(`{"detail": {"name": [{"wildcard": "*/path-%d/*"}]}}`, i)
}

func numericRule(i int) string {
	return fmt.Sprintf(`{"detail": {"size": [{"numeric": [">=", %d, "<", %d]}]}}`, i*10, i*10+10)
}

func sixFields(i int) string {
	three := func(format string) string {
		var all []string
		for k := range 3 {
			all = append(all, fmt.Sprintf("%q", fmt.Sprintf(format, i*3+k)))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	return fmt.Sprintf(`{"source": [%q,%q,%q], "detail-type": [%q,%q,%q], "detail": {"owner": %s, "id": %s, "zone": ["a","b","c"], "state": ["running","stopped","pending"]}}`,
		source(i), source(i+1), source(i+2), detailType(i), detailType(i+1), detailType(i+2), three("team-%d"), three("i-%d"))
}

// eventBridgeEvents are of about 1 KB, for the sources and owners of n rules.
func eventBridgeEvents(n int) []string {
	random := rand.New(rand.NewPCG(7, 7))
	var all []string
	for range 512 {
		i := random.IntN(n)
		all = append(all, envelope(source(i), detailType(i/7), detailOf(i, random)))
	}
	return all
}

func unwantedEvents() []string {
	random := rand.New(rand.NewPCG(8, 8))
	var all []string
	for i := range 512 {
		all = append(all, envelope("com.example.nobody", "Nothing "+fmt.Sprint(i%7), detailOf(i, random)))
	}
	return all
}

func envelope(source, detailType, detail string) string {
	return fmt.Sprintf(`{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","detail-type":%q,"source":%q,"account":"111122223333","time":"2026-11-22T18:43:48Z","region":"us-west-1","resources":["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],"detail":%s}`, detailType, source, detail)
}

func detailOf(i int, random *rand.Rand) string {
	states := []string{"running", "stopped", "pending", "terminated"}
	return fmt.Sprintf(`{"id":"i-%[1]d","name":"resource-%[1]d-x/path-%[1]d/file-%[1]d.json","owner":"team-%[1]d","state":%[2]q,"size":%[3]d,"zone":"a","address":"10.%[4]d.3.4","request":{"agent":"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5","parameters":{"bucket":"my-bucket","key":"some/long/key/with/parts","limit":1000,"recursive":true},"ip":"203.0.113.7"},"tags":[{"key":"env","value":"production"},{"key":"cost-center","value":"4711"}],"previous":{"state":"starting","since":"2026-11-22T18:40:00Z"},"count":42,"ratio":0.75,"ok":true,"message":"the resource has changed its state because somebody asked for it"}`,
		i, states[random.IntN(len(states))], random.IntN(10000), i%250)
}

// The shape of the citylots data that pattern engines are compared on, made
// here: features of a city with an outline of coordinates.
func cityEvents() []string {
	random := rand.New(rand.NewPCG(9, 9))
	streets := []string{"SAN BRUNO", "CRANLEIGH", "JEFFERSON", "UNKNOWN", "VAN NESS", "CRESTA VISTA", "PORTAL", "FULTON"}
	var all []string
	for i := range 512 {
		var points []string
		for range 6 {
			points = append(points, fmt.Sprintf("[-122.%012d,37.%012d,0.0]", random.IntN(1e12), random.IntN(1e12)))
		}
		all = append(all, fmt.Sprintf(`{ "type": "Feature", "properties": { "MAPBLKLOT": "%04[1]d%03[2]d", "BLKLOT": "%04[1]d%03[2]d", "BLOCK_NUM": "%04[1]d", "LOT_NUM": "%03[2]d", "FROM_ST": "%[3]d", "TO_ST": "%[3]d", "STREET": %[4]q, "ST_TYPE": %[5]q, "ODD_EVEN": %[6]q, "HEIGHT": %[7]d }, "geometry": { "type": "Polygon", "coordinates": [ [ %[8]s ] ] } }`,
			random.IntN(8000), i%200, random.IntN(3000), streets[i%len(streets)], []string{"ST", "AVE", "BLVD"}[i%3], []string{"E", "O"}[i%2], random.IntN(40), strings.Join(points, ", ")))
	}
	return all
}

type cityCase struct {
	name  string
	rules []string
}

func cityCases(format string, values ...string) []string {
	var all []string
	for _, v := range values {
		all = append(all, fmt.Sprintf(format, v))
	}
	return all
}

var cityRules = []cityCase{
	{"exact", cityCases(`{"properties": {"MAPBLKLOT": [%q]}}`, "1430022", "2607117", "2607218", "3745012", "VACSTWIL")},
	{"prefix", cityCases(`{"properties": {"STREET": [{"prefix": %q}]}}`, "AC", "BL", "DR", "FU", "RH")},
	{"suffix", cityCases(`{"properties": {"STREET": [{"suffix": %q}]}}`, "ON", "KE", "MM", "ING", "GO")},
	{"wildcard", cityCases(`{"properties": {"STREET": [{"wildcard": %q}]}}`, "*OR*", "*LE", "AB*", "*EL*A*", "C*ST*TA")},
	{"ignore-case", cityCases(`{"properties": {"STREET": [{"equals-ignore-case": %q}]}}`, "jefferson", "bEaCh", "HyDe", "CHESTNUT", "ST")},
	{"numeric", cityCases(`{"properties": {"HEIGHT": [{"numeric": [%s]}]}}`, `">",30`, `"=",7`, `"<",2`, `">=",10,"<",12`, `">",100`)},
	{"anything-but", cityCases(`{"properties": {"STREET": [{"anything-but": [%q]}]}}`, "FULTON", "MASON", "JEFFERSON", "PORTAL", "UNKNOWN")},
	{"complex-arrays", cityCases(`{"geometry": {"type": ["Polygon"], "coordinates": [{"numeric": [">", %s]}]}, "properties": {"STREET": [{"exists": true}]}}`, "37.9", "38", "0.1", "100", "37.99")},
}

func mixedRule(i int) string {
	switch c := cityRules[i%6]; {
	case i < 22:
		return fmt.Sprintf(`{"type": ["Feature", "x%d"], "properties": {"STREET": [{"anything-but": ["y%d"]}]}}`, i, i)
	default:
		return c.rules[i%len(c.rules)]
	}
}

func manyRules(b *testing.B) []*Rule {
	rules := make([]*Rule, 100_000)
	for i := range rules {
		rules[i] = mustRule(b, eventBridgeRule(i))
	}
	return rules
}

// BenchmarkBuild reads 100,000 patterns and makes a Set of them.
func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		NewSet().Add(manyRules(b)...)
	}
}

// BenchmarkChange takes a rule out of 100,000 and puts another in its place,
// whose pattern was read before.
func BenchmarkChange(b *testing.B) {
	set, rules := NewSet(), manyRules(b)
	set.Add(rules...)
	var took time.Duration
	b.ResetTimer()
	for i := range b.N {
		at := i * 7919 % len(rules)
		next := mustRule(b, eventBridgeRule(at))
		began := time.Now()
		set.Change([]*Rule{rules[at]}, []*Rule{next})
		took += time.Since(began)
		rules[at] = next
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "ns/change")
}

// BenchmarkMatchWhileChanging matches while 10,000 rules a second change.
func BenchmarkMatchWhileChanging(b *testing.B) {
	set, rules := NewSet(), manyRules(b)
	set.Add(rules...)
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { stopped <- n }()
		for tick := time.NewTicker(time.Millisecond); ; n++ {
			if n%10 == 0 { // ten changes every millisecond
				select {
				case <-stop:
					tick.Stop()
					return
				case <-tick.C:
				}
			}
			at := n * 7919 % len(rules)
			next := mustRule(b, eventBridgeRule(at))
			set.Change([]*Rule{rules[at]}, []*Rule{next})
			rules[at] = next
		}
	}()
	events := eventBridgeEvents(100_000)
	raw := make([][]byte, len(events))
	for i, e := range events {
		raw[i] = []byte(e)
	}
	var m Memory
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	for i := range b.N {
		began := time.Now()
		if _, _, err := set.Snapshot().Match(&m, raw[i%len(raw)]); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(began)
	}
	b.StopTimer()
	close(stop)
	b.ReportMetric(float64(<-stopped)/b.Elapsed().Seconds(), "changes/s")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
	b.ReportMetric(float64(took[len(took)*999/1000].Nanoseconds()), "p99.9-ns")
}

// A topic with very many filtered subscriptions: no source, no detail-type.
func BenchmarkSubscriptions(b *testing.B) {
	filter := func(i int) string {
		return fmt.Sprintf(`{"store": ["store-%d"], "kind": ["order", "refund"], "total": [{"numeric": [">=", %d]}]}`, i%50_000, i%100)
	}
	var events []string
	for i := range 512 {
		events = append(events, fmt.Sprintf(`{"store":"store-%d","kind":"order","total":%d,"customer":"somebody"}`, i*97, i%150))
	}
	for _, n := range []int{1_000, 1_000_000} {
		w := workload{rules: filter, count: n, events: events}
		b.Run(fmt.Sprintf("filters=%d", n), func(b *testing.B) { w.run(b) })
	}
}
