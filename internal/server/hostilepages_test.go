package server_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/ingest"
	"github.com/carillon-events/carillon/internal/server"
)

// pageRequest is a request to a page.
func pageRequest(line, head, body string) string {
	return request(line+" HTTP/1.1\r\nHost: 127.0.0.1\r\n"+head+"X-A: 1", body)
}

func TestHostileCloudEvents(t *testing.T) {
	var all []attack
	const path, structured = "POST " + ingest.CloudEventsPath, "Content-Type: application/cloudevents+json\r\n"
	add := func(name, line, head, body string) {
		all = append(all, attack{name: name, raw: pageRequest(line, head, body)})
	}
	for name, body := range documents() {
		add("structured: "+name, path+"default", structured, body)
		add("a batch: "+name, path+"default", "Content-Type: application/cloudevents-batch+json\r\n", "["+body)
	}
	event := func(more string) string { return `{"specversion":"1.0","id":"1","source":"s","type":"t"` + more + `}` }
	for name, body := range map[string]string{
		"no id": `{"specversion":"1.0","source":"s","type":"t"}`, "an empty id": `{"specversion":"1.0","id":"","source":"s","type":"t"}`, "no source": `{"specversion":"1.0","id":"1","type":"t"}`, "no type": `{"specversion":"1.0","id":"1","source":"s"}`, "another version": `{"specversion":"9.9","id":"1","source":"s","type":"t"}`,
		"an id that is a number": `{"specversion":"1.0","id":1,"source":"s","type":"t"}`, "an id that is an object": `{"specversion":"1.0","id":{},"source":"s","type":"t"}`, "deep data": event(`,"data":` + strings.Repeat("[", 400_000) + strings.Repeat("]", 400_000)), "data of deep objects": event(`,"data":` + strings.Repeat(`{"a":`, 150_000) + "1" + strings.Repeat("}", 150_000)),
		"a time that is none": event(`,"time":"yesterday"`), "data twice": event(`,"data":1,"data_base64":"AA=="`), "base64 that is none": event(`,"data_base64":"%"`), "an attribute that is an object": event(`,"a":{}`), "more than an event may have": event(`,"data":"` + strings.Repeat("x", 2<<20) + `"`),
	} {
		add("structured: "+name, path+"default", structured, body)
	}
	good := event("")
	for _, bus := range []string{"", "none", "%00", "default%00", "default%2f", "a/b", "..", "%2e%2e", strings.Repeat("a", 300), "%ff", "arn:aws:events:us-east-1:000000000000:event-bus%2Fnone"} {
		add(fmt.Sprintf("the bus %.30q", bus), path+bus, structured, good)
	}
	for _, method := range []string{"GET", "PUT", "DELETE", "HEAD"} {
		add("by "+method, method+" "+ingest.CloudEventsPath+"default", structured, good)
	}
	add("a bomb", path+"default", structured+"Content-Encoding: gzip\r\n", zipped(t, strings.Repeat(" ", 200<<20)))
	add("another encoding", path+"default", structured+"Content-Encoding: br\r\n", good)
	add("another type", path+"default", "Content-Type: application/cloudevents+avro\r\n", good)
	for name, head := range map[string]string{
		"no id": "ce-specversion: 1.0\r\nce-source: s\r\nce-type: t\r\n", "no version": "ce-id: 1\r\nce-source: s\r\nce-type: t\r\n", "an escape that is none": "ce-specversion: 1.0\r\nce-id: %ff\r\nce-source: s\r\nce-type: t\r\n", "two ids": "ce-specversion: 9\r\nce-id: 1\r\nce-id: 2\r\nce-source: s\r\nce-type: t\r\n",
	} {
		add("binary: "+name, path+"default", head+"Content-Type: application/json\r\n", "{}")
	}
	withstand(t, start(t, quick()), 100, all)
}

func TestHostileWebhooks(t *testing.T) {
	r := start(t, quick())
	setWebhook(t, r, `{"source":"`+hookSource+`","scheme":"github","secret":"hush","bus":true}`)
	var all []attack
	add := func(name, line, head, body string) {
		all = append(all, attack{name: name, raw: pageRequest(line, head, body)})
	}
	signed := func(body string) string {
		return "X-GitHub-Event: push\r\nX-GitHub-Delivery: 1\r\nX-Hub-Signature-256: sha256=" + hex.EncodeToString(signature("hush", body)) + "\r\n"
	}
	const line = "POST " + ingest.HookPath + hookSource
	for name, body := range documents() {
		add("not signed: "+name, line, "X-GitHub-Event: push\r\n", body)
		add("to nobody: "+name, "POST "+ingest.HookPath+"nobody", "", body)
	}
	for name, body := range map[string]string{
		"nothing": "", "a brace": "{", "a deep object": strings.Repeat(`{"a":`, 150_000) + "1" + strings.Repeat("}", 150_000), "an open list": strings.Repeat("[", 1<<20), "bytes that are no UTF-8": "{\"a\":\"\xff\"}", "zeros": "\x00\x00",
		"more than there may be": `{"a":"` + strings.Repeat("x", 1<<20) + `"}`, "two documents": "{}{}", "a number": "01",
	} {
		add("signed: "+name, line, signed(body), body)
	}
	for name, head := range map[string]string{
		"none": "", "an empty one": "X-Hub-Signature-256: \r\n", "no digits": "X-Hub-Signature-256: sha256=zz\r\n", "half of one": "X-Hub-Signature-256: sha256=" + strings.Repeat("a", 63) + "\r\n", "a wrong one": "X-Hub-Signature-256: sha256=" + strings.Repeat("a", 64) + "\r\n", "an old one": "X-Hub-Signature: sha1=" + strings.Repeat("a", 40) + "\r\n",
		"a huge one": "X-Hub-Signature-256: sha256=" + strings.Repeat("a", 30_000) + "\r\n", "of another text": signed("[]"), "two": "X-Hub-Signature-256: sha256=aa\r\n" + signed("{}"),
	} {
		add("the signature: "+name, line, "X-GitHub-Event: push\r\n"+head, "{}")
	}
	for _, source := range []string{"", "%00", "aws.partner%00", "..", "%2e%2e/_carillon/backup", "../_carillon/backup", strings.Repeat("a", 60_000), "%ff", "a//b", hookSource + "/", hookSource + "%00", "%"} {
		add(fmt.Sprintf("the source %.40q of %d", source, len(source)), "POST "+ingest.HookPath+source, signed("{}"), "{}")
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} {
		add("by "+method, method+" "+ingest.HookPath+hookSource, signed("{}"), "{}")
	}
	add("a bomb", line, "Content-Encoding: gzip\r\n", zipped(t, strings.Repeat(" ", 100<<20)))
	withstand(t, r, 100, all)
}

func TestHostileOperatorsRequests(t *testing.T) {
	var all []attack
	add := func(name, line, body string) { all = append(all, attack{name: name, raw: pageRequest(line, "", body)}) }
	for _, path := range []string{ingest.PutWebhookPath, ingest.DeleteWebhookPath, ingest.PutEventsPath, server.ReplayPath} {
		for name, body := range documents() {
			add(path+": "+name, "POST "+path, body)
		}
		for _, method := range []string{"GET", "PUT", "HEAD"} {
			add(path+" by "+method, method+" "+path, "{}")
		}
		add(path+": nothing", "POST "+path, "")
	}
	const trail = server.TrailPath
	for name, line := range map[string]string{
		"two slashes before a path": "POST //_carillon/backup", "two slashes in a path": "GET /_carillon//trail", "a dot behind a path": "POST /_carillon/backup.", "a slash behind a path": "POST /_carillon/backup/", "a zero behind a path": "POST /_carillon/backup%00", "a backup by GET": "GET /_carillon/backup", "capitals": "POST /_CARILLON/BACKUP",
		"out of a page by dots": "POST /ingest/../_carillon/backup", "out of a page by escaped dots": "GET " + trail + "/..%2f..%2fbackup", "a zero in an id": "GET " + trail + "/%00", "an endless id": "GET " + trail + "/" + strings.Repeat("a", 30_000), "an id of bytes that are no UTF-8": "GET " + trail + "/%ff%fe",
		"a query that is none": "GET " + trail + "?limit=1&%zz", "a deep pattern": "GET " + trail + "?pattern=" + strings.Repeat(`%7B%22a%22:`, 3000), "a token of somebody's making": "GET " + trail + "?token=00", "a limit of -1": "GET " + trail + "?limit=-1", "a limit of 0": "GET " + trail + "?limit=0", "a limit that overflows": "GET " + trail + "?limit=99999999999999999999", "a limit that is none": "GET " + trail + "?limit=x",
		"an order that is none": "GET " + trail + "?order=x", "an outcome that is none": "GET " + trail + "?outcome=x", "a tail of a pattern that is none": "POST /_carillon/tail?pattern=%7B", "a trail by POST": "POST " + trail, "no such page": "POST /_carillon/none", "the page of pages": "GET /_carillon/", "profiles": "GET /debug/pprof/", "a file": "GET /../../../etc/passwd", "a file, escaped": "GET /%2e%2e/%2e%2e/etc/passwd",
	} {
		add(name, line, "")
	}
	withstand(t, start(t, quick()), 100, all)
}
