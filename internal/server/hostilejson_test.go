package server_test

import (
	"fmt"
	"strings"
	"testing"
)

// documents are bodies that are no JSON, or none that anybody should read.
func documents() map[string]string {
	all := map[string]string{
		"a brace": "{", "a closing brace": "}", "a bracket": "[", "a list": "[]", "a number": "1", "a string": `"x"`, "true": "true", "half of null": "nul",
		"two documents": `{}{}`, "something behind": `{} x`, "a zero behind": "{}\x00", "single quotes": `{'a':1}`, "no quotes": `{a:1}`, "a comment": `{/*a*/}`,
		"a comma at the end": `{"a":1,}`, "two commas": `{"a":1,,"b":2}`, "a comma first": `{,"a":1}`, "no colon": `{"a" 1}`, "two colons": `{"a"::1}`, "no value": `{"a":}`, "no comma": `{"a":1 "b":2}`,
		"a BOM": "\ufeff{}", "UTF-16": "{\x00}\x00", "a zero byte": "\x00", "zeros": strings.Repeat("\x00", 10_000), "a form": "Action=SendMessage&Version=2012-11-05", "XML": `<?xml version="1.0"?><a/>`,
		"an XML bomb": `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><a>&b;</a>`, "HTML": "<script>alert(1)</script>",
		"bytes that are no UTF-8 in a name": "{\"\xff\":1}", "bytes that are no UTF-8 in a value": "{\"a\":\"\xc3\x28\"}", "an overlong slash": "{\"a\":\"\xc0\xaf\"}", "a surrogate in UTF-8": "{\"a\":\"\xed\xa0\x80\"}",
		"a lone surrogate": `{"a":"\ud800"}`, "surrogates in the wrong order": `{"a":"\udc00\ud800"}`, "half an escape": `{"a":"\u12"}`, "an escape of nothing": `{"a":"\x41"}`, "a line feed in a string": "{\"a\":\"\n\"}", "a tab in a string": "{\"a\":\"\t\"}",
		"a string without an end": `{"a":"` + strings.Repeat("x", 1<<20), "an escape at the end": `{"a":"\`, "quotes without an end": strings.Repeat(`"`, 99_999),
		"deep lists": strings.Repeat("[", 1<<20), "deep lists in a member": `{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}",
		"deep objects": strings.Repeat(`{"a":`, 200_000) + "1" + strings.Repeat("}", 200_000), "deep objects without an end": strings.Repeat(`{"a":`, 200_000), "a bit too deep": `{"a":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + "}",
		"a million small members": "{" + strings.Repeat(`"a":1,`, 1_000_000), "a million members of a list": `{"a":[` + strings.Repeat("1,", 1_000_000), "a long name": `{"` + strings.Repeat("n", 1<<20) + `":}`,
		"more than there may be": `{"a":"` + strings.Repeat("x", 11<<20) + `"}`, "white space without an end": strings.Repeat(" ", 9<<20) + "x",
	}
	for _, n := range []string{"01", "+1", "--1", ".5", "1.", "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "-", "1_000", "1,5", "½", "1e1e1", "- 1"} {
		all["the number "+n] = `{"a":` + n + `}`
	}
	all["a number of a million digits and a letter"] = `{"a":` + strings.Repeat("9", 1<<20) + `x}`
	return all
}

// kinds are JSON values, of which each member takes one kind or none.
var kinds = map[string]string{
	"an object": `{}`, "a list": `[]`, "a string": `"x"`, "true": `true`, "a fraction": `1.5`, "a huge number": `99999999999999999999`, "an endless number": `1e999`, "a negative endless number": `-1e999`, "a negative number": `-1`,
	"deep lists": strings.Repeat("[", 100) + strings.Repeat("]", 100), "a deep object": strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100),
}

func jsonRequest(target, body, more string) string {
	return request("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"+more+"Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: "+target, body)
}

// jsonAttacks are on one operation. good is a body that it takes but for one
// member; wrong are bodies of the right form that it must not take.
func jsonAttacks(t *testing.T, target string, members map[string]string, wrong map[string]string) (all []attack) {
	add := func(name, target, body, more string) {
		all = append(all, attack{name: target[max(0, len(target)-30):] + ": " + name, raw: jsonRequest(target, body, more)})
	}
	for name, body := range documents() {
		add(name, target, body, "")
	}
	for name, body := range wrong {
		add(name, target, body, "")
	}
	for member, form := range members {
		for name, value := range kinds {
			if want, _, _ := strings.Cut(form, "|"); want == name || name == "a string" && want == "a name" || name == "a negative number" && want == "a number" && strings.HasSuffix(form, "|any") {
				continue
			}
			_, frame, _ := strings.Cut(form, "|")
			add(name+" as "+member, target, fmt.Sprintf(frame, value), "")
		}
	}
	bomb := zipped(t, strings.Repeat(" ", 200<<20))
	add("a bomb", target, bomb, "Content-Encoding: gzip\r\n")
	add("a bomb in a bomb", target, zipped(t, bomb), "Content-Encoding: gzip\r\n")
	add("half a gzip stream", target, bomb[:len(bomb)/2], "Content-Encoding: gzip\r\n")
	add("gzip that is none", target, "{}", "Content-Encoding: gzip\r\n")
	add("another encoding", target, "{}", "Content-Encoding: zstd\r\n")
	add("a chain of encodings", target, "{}", "Content-Encoding: gzip, gzip\r\n")
	service, operation, _ := strings.Cut(target, ".")
	for _, other := range []string{"", ".", service, service + ".", "." + operation, service + ".Nope", target + ".x", target + " ", strings.ToLower(target), strings.ToUpper(target), target + "\u00e9", service + "..", "../" + target, service + "." + strings.Repeat("A", 50_000), service + ".*", service + "%2e" + operation, service + "#" + operation, target + "," + target} {
		if strings.TrimSpace(other) != target {
			add(fmt.Sprintf("the target %.40q of %d", other, len(other)), other, `{}`, "")
		}
	}
	return all
}

func TestHostileAWSJSON(t *testing.T) {
	r := start(t, quick())
	const url = `"http://127.0.0.1/000000000000/marker"`
	wrong := map[string]string{
		"nothing": "", "null": "null", "an empty object": "{}", "spaces": "    ",
		"no URL": `{"MessageBody":"x"}`, "no body": `{"QueueUrl":` + url + `}`, "an empty body": `{"QueueUrl":` + url + `,"MessageBody":""}`,
		"a body of characters that SQS does not take": `{"QueueUrl":` + url + `,"MessageBody":"\u0000"}`, "a body of 2 MiB": `{"QueueUrl":` + url + `,"MessageBody":"` + strings.Repeat("x", 2<<20) + `"}`,
		"a member twice, the last one bad": `{"QueueUrl":` + url + `,"MessageBody":"x","MessageBody":""}`, "a URL twice, the last one bad": `{"QueueUrl":` + url + `,"QueueUrl":"x","MessageBody":"x"}`,
		"a delay of -1": `{"QueueUrl":` + url + `,"MessageBody":"x","DelaySeconds":-1}`, "a delay of 901": `{"QueueUrl":` + url + `,"MessageBody":"x","DelaySeconds":901}`, "a delay of 2^31": `{"QueueUrl":` + url + `,"MessageBody":"x","DelaySeconds":2147483648}`,
		"very many attributes":    `{"QueueUrl":` + url + `,"MessageBody":"x","MessageAttributes":{` + many(20_000, func(i int) string { return fmt.Sprintf(`"a%d":{"DataType":"String","StringValue":"x"},`, i) }) + `"z":{"DataType":"String","StringValue":"x"}}}`,
		"11 attributes":           `{"QueueUrl":` + url + `,"MessageBody":"x","MessageAttributes":{` + many(10, func(i int) string { return fmt.Sprintf(`"a%d":{"DataType":"String","StringValue":"x"},`, i) }) + `"z":{"DataType":"String","StringValue":"x"}}}`,
		"an attribute of no type": `{"QueueUrl":` + url + `,"MessageBody":"x","MessageAttributes":{"a":{"StringValue":"x"}}}`, "an attribute that is no base64": `{"QueueUrl":` + url + `,"MessageBody":"x","MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"%"}}}`,
		"a number that is none": `{"QueueUrl":` + url + `,"MessageBody":"x","MessageAttributes":{"a":{"DataType":"Number","StringValue":"x"}}}`, "an attribute name with a zero": `{"QueueUrl":` + url + `,"MessageBody":"x","MessageAttributes":{"a\u0000":{"DataType":"String","StringValue":"x"}}}`,
		"a group in a standard queue's deduplication": `{"QueueUrl":` + url + `,"MessageBody":"x","MessageDeduplicationId":"\u0000"}`,
	}
	for _, u := range []string{"", "x", "/", "//", "http://", "http://127.0.0.1", "http://127.0.0.1/", "http://127.0.0.1/000000000000", "http://127.0.0.1/000000000000/", "http://127.0.0.1/000000000000/a/b", "http://127.0.0.1/000000000000/../marker",
		`http://127.0.0.1/000000000000/marker\u0000`, `http://127.0.0.1/000000000000/\u0000`, "http://127.0.0.1/000000000000/mark%65r%00", "http://127.0.0.1/00000000000/marker", "http://127.0.0.1/0000000000000/marker", "http://127.0.0.1/00000000000x/marker",
		"arn:aws:sqs:us-east-1:000000000000:other", "javascript:alert(1)", "http://127.0.0.1/000000000000/" + strings.Repeat("a", 100_000), `http://127.0.0.1/000000000000/m\ud83d\ude00`, "http://[::1/000000000000/marker2", "%zz"} {
		wrong[fmt.Sprintf("the URL %.50q", u)] = `{"QueueUrl":"` + u + `","MessageBody":"x"}`
	}
	withstand(t, r, 100, jsonAttacks(t, "AmazonSQS.SendMessage", map[string]string{
		"QueueUrl": `a name|{"MessageBody":"x","QueueUrl":%s}`, "MessageBody": `a name|{"QueueUrl":"http://127.0.0.1/000000000000/none","MessageBody":%s}`,
		"DelaySeconds": `a number|{"QueueUrl":` + url + `,"MessageBody":"x","DelaySeconds":%s}`, "MessageAttributes": `an object|{"QueueUrl":` + url + `,"MessageBody":"x","MessageAttributes":%s}`,
		"an attribute": `none|{"QueueUrl":` + url + `,"MessageBody":"x","MessageAttributes":{"a":%s}}`, "a DataType": `none|{"QueueUrl":` + url + `,"MessageBody":"x","MessageAttributes":{"a":{"StringValue":"x","DataType":%s}}}`,
	}, wrong))
}

func TestHostileAWSJSONOfEvents(t *testing.T) {
	r := start(t, quick())
	rule := func(pattern string) string {
		return `{"Name":"r","EventPattern":"` + strings.ReplaceAll(pattern, `"`, `\"`) + `"}`
	}
	wrong := map[string]string{
		"nothing": "", "null": "null", "an empty object": "{}", "no pattern": `{"Name":"r"}`, "no name": `{"EventPattern":"{}"}`, "an empty name": `{"Name":"","EventPattern":"{\"source\":[\"x\"]}"}`,
		"a name with a slash": `{"Name":"a/b","EventPattern":"{\"source\":[\"x\"]}"}`, "a name with a zero": `{"Name":"a\u0000","EventPattern":"{\"source\":[\"x\"]}"}`, "a name of 65 characters": `{"Name":"` + strings.Repeat("a", 65) + `","EventPattern":"{\"source\":[\"x\"]}"}`,
		"a state that is none": `{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","State":"ON"}`, "a bus with a zero": `{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","EventBusName":"a\u0000"}`, "a bus that is not there": `{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","EventBusName":"none"}`,
		"a bus of slashes": `{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","EventBusName":"../default"}`, "a bus ARN of nothing": `{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","EventBusName":"arn:aws:events:::"}`,
		"very many tags":      `{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","Tags":[` + strings.Repeat(`{"Key":"a","Value":"b"},`, 9_000) + `{"Key":"a","Value":"b"}]}`,
		"a cron that is none": `{"Name":"r","ScheduleExpression":"cron(* * * * *)"}`, "a rate of zero": `{"Name":"r","ScheduleExpression":"rate(0 minutes)"}`, "a rate of -1": `{"Name":"r","ScheduleExpression":"rate(-1 minutes)"}`, "a huge rate": `{"Name":"r","ScheduleExpression":"rate(99999999999999999999 days)"}`,
		"a long schedule": `{"Name":"r","ScheduleExpression":"cron(` + strings.Repeat("1,", 50_000) + `)"}`, "a role that is no ARN": `{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","RoleArn":"` + strings.Repeat("x", 2000) + `"}`,
	}
	for name, pattern := range map[string]string{
		"of a list": "[]", "of a number": "1", "of nothing": " ", "without an end": "{", "of a string": `{"a":"b"}`, "of an empty list": `{"a":[]}`, "of a list in a list": `{"a":[["b"]]}`, "deep": strings.Repeat(`{"a":`, 2000) + `["b"]` + strings.Repeat("}", 2000), "deep without an end": strings.Repeat(`{"a":`, 500),
		"of no such operator": `{"a":[{"like":"b"}]}`, "of a number that is none": `{"a":[{"numeric":["<","x"]}]}`, "of an endless number": `{"a":[{"numeric":["<",1e999]}]}`, "of a huge number": `{"a":[{"numeric":["<",99999999999999999999999]}]}`, "of half a range": `{"a":[{"numeric":["<"]}]}`,
		"of an address that is none": `{"a":[{"cidr":"1.2.3.4/99"}]}`, "of many wildcards": `{"a":[{"wildcard":"` + strings.Repeat("*a", 500) + `"}]}`, "of stars": `{"a":[{"wildcard":"**"}]}`, "of very many combinations": `{"$or":[` + strings.Repeat(`{"a":["b"]},`, 1000) + `{"a":["b"]}]}`,
		"of or in or": `{"$or":[{"$or":[{"a":["b"]},{"c":["d"]}]}]}`, "twice the same": `{"a":["b"],"a":[1e]}`, "of 5,000 bytes": `{"a":["` + strings.Repeat("b", 5000) + `"]}`, "with an exists of a string": `{"a":[{"exists":"yes"}]}`,
		"with two operators": `{"a":[{"prefix":"b","suffix":"c"}]}`, "with an anything-but of nothing": `{"a":[{"anything-but":[]}]}`,
	} {
		wrong["a pattern "+name] = rule(pattern)
	}
	withstand(t, r, 100, jsonAttacks(t, "AWSEvents.PutRule", map[string]string{
		"Name": `a name|{"EventPattern":"{\"source\":[\"x\"]}","EventBusName":"none","Name":%s}`, "EventPattern": `none|{"Name":"r","EventPattern":%s}`,
		"State": `none|{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","State":%s}`, "Tags": `a list|{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","Tags":%s}`,
		"a tag": `none|{"Name":"r","EventPattern":"{\"source\":[\"x\"]}","Tags":[%s]}`, "ScheduleExpression": `none|{"Name":"r","ScheduleExpression":%s}`,
	}, wrong))
}
