package server_test

import (
	"fmt"
	"strings"
)

// dialect is how a protocol's requests begin.
type dialect struct {
	name string
	line string // the request's
	head string // the lines behind Host, each with its end
	body string // of a request that changes nothing, and is refused
}

func (d dialect) start() string { return d.line + "\r\nHost: 127.0.0.1\r\n" + d.head }

// framing are attacks on HTTP itself: where a request ends, and what it is.
func framing(d dialect) (all []attack) {
	add := func(name, raw string) { all = append(all, attack{name: name, raw: raw}) }
	harmless := func(name, raw string) { all = append(all, attack{name: name, raw: raw, harmless: true}) }
	closes := func(name, raw string) { all = append(all, attack{name: name, raw: raw, closes: true}) }
	cut := func(name, raw string) { all = append(all, attack{name: name, raw: raw, cut: true}) }
	n := len(d.body)
	length := fmt.Sprintf("Content-Length: %d\r\n", n)
	with := func(more string) string { return d.start() + more + "\r\n" }
	chunks := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", n, d.body)

	// Where it ends.
	for _, te := range []string{"chunked", "Chunked", " chunked", "chunked ", "chunked, identity", "identity, chunked", "gzip, chunked", "x-chunked", "\"chunked\"", "chunked;x=1", "chunk", "", "\tchunked", "chunked,chunked"} {
		closes("both a length and Transfer-Encoding "+fmt.Sprintf("%q", te), with(length+"Transfer-Encoding:"+te+"\r\n")+chunks)
		closes("Transfer-Encoding "+fmt.Sprintf("%q", te)+" over a request that is hidden", with("Transfer-Encoding:"+te+"\r\nContent-Length: 4\r\n")+"0\r\n\r\n")
	}
	add("two Transfer-Encodings", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")+chunks)
	add("two of chunked", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")+chunks)
	add("Transfer-Encoding with a space before the colon", with(length+"Transfer-Encoding : chunked\r\n")+d.body)
	add("Transfer-Encoding on a folded line", with(length+"Transfer-Encoding:\r\n chunked\r\n")+chunks)
	add("two lengths", with(length+"Content-Length: 0\r\n")+d.body)
	harmless("the same length twice", with(length+length)+d.body)
	add("two lengths in one", with(fmt.Sprintf("Content-Length: %d, %d\r\n", n, n+1))+d.body)
	for _, bad := range []string{"-1", "+" + fmt.Sprint(n), "0x10", "1e1", "1_0", "1.0", "", "x", "18446744073709551616", "9223372036854775808", "99999999999999999999999", "4 4", "\x0b4", "٤"} {
		add("the length "+fmt.Sprintf("%q", bad), with("Content-Length: "+bad+"\r\n")+d.body+smuggled)
	}
	add("a length with a zero byte", with("Content-Length: 4\x00\r\n")+d.body+smuggled)
	add("a length on a folded line", with(fmt.Sprintf("Content-Length:\r\n %d\r\n", n))+d.body)
	add("more than may come, by its length", with("Content-Length: 9223372036854775807\r\n")+d.body)
	cut("a body that ends early", with("Content-Length: 100000\r\n")+d.body)
	cut("a small body that ends early", with(fmt.Sprintf("Content-Length: %d\r\n", n+1))+d.body)
	cut("a chunk that ends early", with("Transfer-Encoding: chunked\r\n")+"ff\r\n"+d.body)
	cut("chunks without an end", with("Transfer-Encoding: chunked\r\n")+"1\r\na\r\n")
	for name, body := range map[string]string{
		"a chunk of no size": "\r\n\r\n", "a chunk of a negative size": "-1\r\n\r\n", "a chunk of a huge size": "ffffffffffffffffff\r\n", "a chunk of a size that overflows": "10000000000000001\r\na\r\n0\r\n\r\n",
		"a chunk of a size that is none": "zz\r\n\r\n", "a chunk with 0x": "0x1\r\na\r\n0\r\n\r\n", "a chunk longer than it says": "1\r\naaaa\r\n0\r\n\r\n",
		"chunk extensions without an end": "1;" + strings.Repeat("a", 100_000) + "\r\na\r\n0\r\n\r\n", "very many chunk extensions": strings.Repeat("1;"+strings.Repeat("b", 3000)+"\r\na\r\n", 100) + "0\r\n\r\n",
		"a chunk that ends in a bare line feed": "1\na\n0\n\n" + smuggled, "a chunk size with a bare line feed": "1\na\r\n0\r\n\r\n",
	} {
		harmlessIf := name == "a chunk size with a bare line feed" || name == "a chunk that ends in a bare line feed"
		all = append(all, attack{name: name, raw: with("Transfer-Encoding: chunked\r\n") + body, harmless: harmlessIf})
	}
	harmless("a trailer that is a header", with("Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n")+fmt.Sprintf("%x\r\n%s\r\n0\r\nContent-Length: 5\r\n\r\n", n, d.body))
	add("a trailer without an end", with("Transfer-Encoding: chunked\r\n")+fmt.Sprintf("%x\r\n%s\r\n0\r\n%s\r\n\r\n", n, d.body, "X: "+strings.Repeat("a", 200_000)))
	add("chunks beyond the limit", with("Transfer-Encoding: chunked\r\n")+strings.Repeat("100000\r\n"+strings.Repeat("a", 1<<20)+"\r\n", 11)+"0\r\n\r\n")
	add("a hidden request behind none of a body", with("Content-Length: 0\r\nX-Amz-Target: AmazonSQS.None\r\n"))

	// What its header is.
	good := length + "\r\n" + d.body
	bad := func(name, lines string) { add(name, d.start()+lines+good) }
	bad("a folded line", "X-A: 1\r\n 2\r\n")
	bad("a line of a space", " \r\n")
	bad("a first line that is folded", "\tX-A: 1\r\n")
	bad("a line without a colon", "X-A\r\n")
	bad("a name with a space", "X A: 1\r\n")
	bad("a name with a space behind", "X-A : 1\r\n")
	bad("no name", ": 1\r\n")
	bad("a zero in a name", "X\x00A: 1\r\n")
	bad("a zero in a value", "X-A: 1\x002\r\n")
	bad("a control character in a value", "X-A: \x01\r\n")
	bad("a bare CR in a value", "X-A: 1\rX-B: 2\r\n")
	bad("a bare CR in a name", "X-A\r: 1\r\n")
	bad("a name beyond ASCII", "X-Ä: 1\r\n")
	bad("a DEL in a value", "X-A: \x7f\r\n")
	bad("a header of 100,000 bytes", "X-A: "+strings.Repeat("a", 100_000)+"\r\n")
	bad("a header of a long name", strings.Repeat("a", 100_000)+": 1\r\n")
	bad("very many headers", strings.Repeat("X-A: 1\r\n", 5000))
	bad("very many headers of different names", many(5000, func(i int) string { return fmt.Sprintf("X-%d: 1\r\n", i) }))
	bad("101 headers", many(101, func(i int) string { return fmt.Sprintf("X-%d: 1\r\n", i) }))
	bad("empty headers without an end", strings.Repeat("a:\r\n", 30_000))
	bad("a second host", "Host: evil.example\r\n")
	harmless("bare line feeds", strings.ReplaceAll(d.start()+length+"\r\n", "\r\n", "\n")+d.body)
	harmless("a value beyond ASCII", d.start()+"X-A: é\r\n"+good)
	add("no host", d.line+"\r\n"+d.head+good)
	for _, host := range []string{"", "a b", "a/b", "a@b", "a\\b", "<a>", strings.Repeat("a", 300), "evil.example", "a\tb", "127.0.0.1%00"} {
		add("the host "+fmt.Sprintf("%.20q", host), d.line+"\r\nHost: "+host+"\r\n"+d.head+good)
	}
	for _, expect := range []string{"200-ok", "100-continue, x", "x"} {
		bad("Expect "+expect, "Expect: "+expect+"\r\n")
	}
	bad("Expect 100-continue", "Expect: 100-continue\r\n")
	bad("an upgrade", "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n")
	bad("a web socket", "Connection: Upgrade\r\nUpgrade: websocket\r\n")
	bad("Connection that names Content-Length", "Connection: Content-Length\r\n")
	bad("another web page", "Origin: http://evil.example\r\n")
	bad("an encoding that is none", "Content-Encoding: br\r\n")
	bad("gzip that is none", "Content-Encoding: gzip\r\n")
	bad("two encodings", "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n")

	// What its first line is.
	_, rest, _ := strings.Cut(d.line, " ")
	path, _, _ := strings.Cut(rest, " ")
	first := func(name, line string) { add(name, line+"\r\nHost: 127.0.0.1\r\n"+d.head+good) }
	for _, method := range []string{"G\x00T", "G T", "post", "\x16\x03\x01", "(POST)", strings.Repeat("A", 5000), "CONNECT", "TRACE", "PRI", "DELETE", "PATCH"} {
		first("the method "+fmt.Sprintf("%.20q", method), method+" "+path+" HTTP/1.1")
	}
	for _, version := range []string{"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0", "HTTP/1", "HTTP/1.10", "HTTP/11", "http/1.1", "HTTP/-1.1", "HTTP/1.1 x", "HTTPS/1.1", "", "HTTP/1.\x00"} {
		all = append(all, attack{name: "the version " + fmt.Sprintf("%q", version), raw: "POST " + path + " " + version + "\r\nHost: 127.0.0.1\r\n" + d.head + good})
	}
	for _, target := range []string{"*", "http://", "http://[::1", "http:///", "//", "/%", "/%zz", "/\x7f", "/ /", "x", "?", "/" + strings.Repeat("a", 70_000), "http://a b/", "http://evil.example@/", "ftp://127.0.0.1/", "/\x00"} {
		first("the target "+fmt.Sprintf("%.20q", target), "POST "+target+" HTTP/1.1")
	}
	first("two spaces", "POST  "+path+" HTTP/1.1")
	first("a tab", "POST\t"+path+"\tHTTP/1.1")
	add("an answer", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	add("HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	add("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
	add("zeros", strings.Repeat("\x00", 10_000)+"\r\n\r\n")
	add("a line without an end", strings.Repeat("a", 200_000))
	cut("half a line", d.line[:len(d.line)/2])
	cut("half a header", d.start()+"X-A")
	return all
}

func many(n int, of func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(of(i))
	}
	return b.String()
}
