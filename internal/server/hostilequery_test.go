package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func formRequest(line, head, body string) string {
	return request(line+"\r\nHost: 127.0.0.1\r\n"+head+"Content-Type: application/x-www-form-urlencoded; charset=utf-8", body)
}

// forms are bodies that no operation should take. good is a body that one takes but
// for what is added; each parameter of it must be there.
func formAttacks(t *testing.T, version, action string, wrong map[string]string) (all []attack) {
	const signed = "Authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=x\r\n"
	post := func(name, body string) {
		all = append(all,
			attack{name: action + ", plain: " + name, raw: formRequest("POST / HTTP/1.1", signed, body)},
			attack{name: action + ": " + name, raw: formRequest("POST / HTTP/1.1", "", body)})
	}
	begin := "Action=" + action + "&Version=" + version
	for name, body := range map[string]string{
		"nothing": "", "an ampersand": "&", "ampersands": strings.Repeat("&", 1<<20), "equal signs": strings.Repeat("=", 1<<20), "a million parameters": begin + strings.Repeat("&a=", 1_000_000),
		"a million different parameters": begin + many(300_000, func(i int) string { return fmt.Sprintf("&%x=", i) }),
		"a semicolon":                    begin + ";Name=x", "half an escape": begin + "&Name=%", "an escape that is none": begin + "&Name=%zz", "half an escape at the end": begin + "&Name=%2", "an escape in a name": begin + "&%zz=1", "an escape of Unicode": begin + "&Name=%u0041",
		"no version": "Action=" + action, "no action": "Version=" + version, "an empty action": "Action=&Version=" + version, "an empty version": "Action=" + action + "&Version=", "another version": "Action=" + action + "&Version=1999-01-01", "a version with a zero": "Action=" + action + "&Version=" + version + "%00",
		"an action with a zero": "Action=" + action + "%00&Version=" + version, "an action in capitals": "Action=" + strings.ToUpper(action) + "&Version=" + version, "no such action": "Action=Nope&Version=" + version, "a long action": "Action=" + strings.Repeat("A", 1<<20) + "&Version=" + version,
		"an action that is XML": "Action=%3C%2FCode%3E&Version=" + version, "an action of bytes that are no UTF-8": "Action=%ff%fe&Version=" + version, "a long version": "Action=" + action + "&Version=" + strings.Repeat("1", 1<<20),
		"JSON": `{"Action":"` + action + `"}`, "XML": "<Action>" + action + "</Action>", "an XML bomb": `<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><a>&b;</a>`, "zeros": strings.Repeat("\x00", 10_000), "a BOM": "\ufeff" + begin,
		"UTF-16": "A\x00c\x00t\x00i\x00o\x00n\x00=\x00", "more than there may be": begin + "&Name=" + strings.Repeat("x", 11<<20), "a huge name of a parameter": strings.Repeat("x", 9<<20) + "&" + "Version=" + version,
	} {
		post(name, body)
	}
	for name, body := range wrong {
		post(name, begin+body)
	}
	zip := func(name, body, encoding string) {
		all = append(all, attack{name: action + ": " + name, raw: formRequest("POST / HTTP/1.1", "Content-Encoding: "+encoding+"\r\n", body)})
	}
	bomb := zipped(t, begin+"&Name="+strings.Repeat("x", 200<<20))
	zip("a bomb", bomb, "gzip")
	zip("half a bomb", bomb[:len(bomb)/2], "gzip")
	zip("gzip that is none", begin, "gzip")
	zip("another encoding", begin, "deflate")
	for name, line := range map[string]string{
		"a query that is none": "/?Action=%zz", "a query with a semicolon": "/?Action=" + action + ";Version=" + version, "a query without an end": "/?" + strings.Repeat("a=1&", 15_000), "a query of a foreign version": "/?Action=" + action + "&Version=1",
		"a path of no service": "/a/b/c", "a path of dots": "/../../etc/passwd", "a path of escaped dots": "/%2e%2e/%2e%2e/", "a path of zeros": "/%00", "a queue's path with a zero": "/000000000000/%00", "a queue's path of a slash": "/000000000000/a%2fb", "a long path": "/" + strings.Repeat("a/", 10_000),
		"a fragment": "/?Action=" + action + "#Version=" + version,
	} {
		for _, method := range []string{"GET", "POST", "HEAD", "PUT"} {
			all = append(all, attack{name: action + " by " + method + ": " + name, raw: formRequest(method+" "+line+" HTTP/1.1", "", "")})
		}
	}
	return all
}

// numbers are what no whole number is.
var numbers = []string{"-1", "--1", "1.5", "1e3", "0x10", "99999999999999999999", "-99999999999999999999", "x", "NaN", "%00", "%D9%A4", "1%00", "%201"}

func TestHostileAWSQuery(t *testing.T) {
	topics := map[string]string{
		"no name": "", "an empty name": "&Name=", "a name with a zero": "&Name=a%00", "a name with a slash": "&Name=a%2Fb", "a name of bytes that are no UTF-8": "&Name=%ff", "a long name": "&Name=" + strings.Repeat("a", 257), "a very long name": "&Name=" + strings.Repeat("a", 1<<20),
		"a name of XML": "&Name=%3C%21ENTITY%3E", "a name in a list": "&Name.1=a", "a name in a structure": "&Name.x=a", "a name of line feeds": "&Name=a%0d%0ab", "a name twice, the first one bad": "&Name=%2F&Name=a",
		"an attribute without a value": "&Name=a&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=" + strings.Repeat("x", 101), "an attribute without a key": "&Name=a&Attributes.entry.1.value=x", "an attribute that is none": "&Name=a&Attributes.entry.1.key=Nope&Attributes.entry.1.value=x",
		"an attribute of index 0": "&Name=a&Attributes.entry.0.key=DisplayName&Attributes.entry.0.value=x", "an attribute of a huge index": "&Name=a&Attributes.entry.99999999999999999999.key=DisplayName", "an attribute of an index beyond the limit": "&Name=a&Attributes.entry.10001.key=DisplayName", "an attribute of an index with a zero before": "&Name=a&Attributes.entry.01.key=DisplayName",
		"a policy that is none": "&Name=a&Attributes.entry.1.key=Policy&Attributes.entry.1.value=%7B", "a deep policy": "&Name=a&Attributes.entry.1.key=Policy&Attributes.entry.1.value=" + strings.Repeat("%7B%22a%22:", 5000), "a FIFO topic of no FIFO name": "&Name=a&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true",
		"51 tags": "&Name=a" + many(51, func(i int) string { return fmt.Sprintf("&Tags.member.%d.Key=k%d&Tags.member.%d.Value=v", i+1, i, i+1) }), "very many tags": "&Name=a" + many(9_000, func(i int) string { return fmt.Sprintf("&Tags.member.%d.Key=k%d&Tags.member.%d.Value=v", i+1, i, i+1) }), "a tag without a key": "&Name=a&Tags.member.1.Value=x",
		"a tag without a value": "&Name=a&Tags.member.1.Key=x", "a tag of a long key": "&Name=a&Tags.member.1.Key=" + strings.Repeat("k", 129) + "&Tags.member.1.Value=v", "a tag of index 0": "&Name=a&Tags.member.0.Key=k&Tags.member.0.Value=v", "a tag twice": "&Name=a&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.2.Key=k&Tags.member.2.Value=w",
	}
	attacks := formAttacks(t, "2010-03-31", "CreateTopic", topics)
	publish := map[string]string{"nothing at all": "", "no message": "&TopicArn=arn:aws:sns:us-east-1:000000000000:none", "two targets": "&TopicArn=arn:aws:sns:us-east-1:000000000000:none&PhoneNumber=%2B15555550100&Message=x", "a huge message": "&TopicArn=arn:aws:sns:us-east-1:000000000000:none&Message=" + strings.Repeat("x", 300<<10)}
	for _, arn := range []string{"x", ":", ":::::", "arn:aws:sns", "arn:aws:sns:us-east-1:000000000000:", "arn:aws:sns:us-east-1:000000000000:a%00", "arn:aws:sns:us-east-1:000000000000:a%2Fb", "arn:aws:sns:us-east-1:000000000000:a:b:c:d", "arn:aws:sqs:us-east-1:000000000000:marker", "arn:aws:sns:us-east-1:0:a", "arn:aws:sns:..%2F:000000000000:a",
		"arn:aws:sns::000000000000:a", "arn:aws:sns:us-east-1::a", strings.Repeat("arn:", 10_000), "arn:aws:sns:us-east-1:000000000000:" + strings.Repeat("a", 1000), "%ff", "arn%00"} {
		publish[fmt.Sprintf("the ARN %.50q of %d", arn, len(arn))] = "&Message=x&TopicArn=" + arn
	}
	withstand(t, start(t, quick()), 100, append(attacks, formAttacks(t, "2010-03-31", "Publish", publish)...))
}

func TestHostileAWSQueryOfQueues(t *testing.T) {
	const queue = "&QueueUrl=http%3A%2F%2F127.0.0.1%2F000000000000%2Fmarker"
	receive := map[string]string{"no queue": "", "a queue that is not there": queue + "2", "an empty queue": "&QueueUrl="}
	for _, parameter := range []string{"MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"} {
		for _, n := range numbers {
			receive[parameter+" "+n] = queue + "&" + parameter + "=" + n
		}
		receive[parameter+" of a million digits"] = queue + "&" + parameter + "=" + strings.Repeat("9", 1_000_000)
	}
	for name, body := range map[string]string{
		"an attribute's index of 0": "&AttributeName.0=All", "an attribute's huge index": "&AttributeName.99999999999=All", "an attribute that is none": "&AttributeName.1=Nope", "very many attributes": many(20_000, func(i int) string { return fmt.Sprintf("&AttributeName.%d=All", i+1) }),
	} {
		receive[name] = queue + body
	}
	withstand(t, start(t, quick()), 100, formAttacks(t, "2012-11-05", "ReceiveMessage", receive))
}

func TestHostileAWSQueryOfIdentities(t *testing.T) {
	assume := map[string]string{"no key": "", "an empty one": "&AccessKeyId=", "a zero": "&AccessKeyId=%00", "a short one": "&AccessKeyId=a", "a long one": "&AccessKeyId=" + strings.Repeat("A", 129), "a very long one": "&AccessKeyId=" + strings.Repeat("A", 1<<20), "bytes that are no UTF-8": "&AccessKeyId=" + strings.Repeat("%ff", 20), "a key of XML": "&AccessKeyId=%3C%2FMessage%3E%3C%2FError%3E%00%00", "in a list": "&AccessKeyId.member.1=AKIAAAAAAAAAAAAAAAAA"}
	withstand(t, start(t, quick()), 100, formAttacks(t, "2011-06-15", "GetAccessKeyInfo", assume))
}

func TestHostileAWSQueryOfPolicies(t *testing.T) {
	document := func(text string) string { return "&PolicyName=p&PolicyDocument=" + url.QueryEscape(text) }
	const allow = `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`
	wrong := map[string]string{"no name": "&PolicyDocument=%7B%7D", "no document": "&PolicyName=p", "a name with a slash": "&PolicyName=a%2Fb&PolicyDocument=%7B%7D", "a name with a zero": "&PolicyName=a%00&PolicyDocument=%7B%7D", "a name of 129": "&PolicyName=" + strings.Repeat("a", 129) + "&PolicyDocument=%7B%7D"}
	for name, text := range documents() {
		if len(text) < 4<<20 {
			wrong["a document of "+name] = document(text)
		}
	}
	for name, text := range map[string]string{
		"no version's statement": `{"Version":"1999-01-01","Statement":[` + allow + `]}`, "no statement": `{"Version":"2012-10-17"}`, "an effect that is none": `{"Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}`, "an effect that is a list": `{"Statement":[{"Effect":["Allow"],"Action":"*","Resource":"*"}]}`, "an action that is a number": `{"Statement":[{"Effect":"Allow","Action":1,"Resource":"*"}]}`,
		"a statement that is a list": `{"Statement":[[` + allow + `]]}`, "very many statements": `{"Version":"2012-10-17","Statement":[` + strings.Repeat(allow+",", 5000) + allow + `]}`, "a deep condition": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":` + strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000) + `}]}`,
		"an operator that is none": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Like":{"a":"b"}}}]}`, "an address that is none": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"999.1.1.1"}}}]}`,
	} {
		wrong[name] = document(text)
	}
	withstand(t, start(t, quick()), 100, formAttacks(t, "2010-05-08", "CreatePolicy", wrong))
}

func TestHostileAWSQueryOfTokens(t *testing.T) {
	const role = "&RoleArn=arn:aws:iam::000000000000:role/none&RoleSessionName=s"
	wrong := map[string]string{"no role": "&RoleSessionName=s&WebIdentityToken=aaaa", "no token": role, "a short token": role + "&WebIdentityToken=a", "a huge token": role + "&WebIdentityToken=" + strings.Repeat("a", 20_001), "a session with a slash": "&RoleArn=arn:aws:iam::000000000000:role/none&RoleSessionName=a%2Fb&WebIdentityToken=aaaa",
		"dots": role + "&WebIdentityToken=....", "dots without an end": role + "&WebIdentityToken=" + strings.Repeat(".", 19_000), "no algorithm": role + "&WebIdentityToken=eyJhbGciOiJub25lIn0.e30.", "a header of deep lists": role + "&WebIdentityToken=" + strings.Repeat("W1tb", 4000) + ".e30.aa", "a zero": role + "&WebIdentityToken=a.b%00.c", "bytes that are no UTF-8": role + "&WebIdentityToken=%ff.%ff.%ff",
		"a duration of -1": role + "&WebIdentityToken=a.b.c&DurationSeconds=-1", "a duration that overflows": role + "&WebIdentityToken=a.b.c&DurationSeconds=99999999999999999999"}
	withstand(t, start(t, quick()), 100, formAttacks(t, "2011-06-15", "AssumeRoleWithWebIdentity", wrong))
}
