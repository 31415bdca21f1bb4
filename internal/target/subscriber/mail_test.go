package subscriber

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/topic"
)

// post office is an SMTP server of one user, who must come with TLS.
type postOffice struct {
	net.Listener
	tls    *tls.Config
	answer string // to RCPT; empty: 250

	mu      sync.Mutex
	said    []string
	letters []string
	wait    sync.WaitGroup
}

func newPostOffice(t *testing.T, cert tls.Certificate) *postOffice {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{Listener: l, tls: &tls.Config{Certificates: []tls.Certificate{cert}}}
	p.wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.wait.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.wait.Wait()
	})
	return p
}

func (p *postOffice) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	r, secure := bufio.NewReader(conn), false
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 post")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		p.mu.Lock()
		p.said = append(p.said, line)
		p.mu.Unlock()
		switch verb, _, _ := strings.Cut(line, " "); strings.ToUpper(verb) {
		case "EHLO":
			if say("250-post"); secure {
				say("250 AUTH PLAIN")
			} else {
				say("250 STARTTLS")
			}
		case "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, p.tls)
			r, secure = bufio.NewReader(conn), true
		case "AUTH":
			if line == "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00me\x00hidden")) {
				say("235 welcome")
			} else {
				say("535 no")
			}
		case "RCPT":
			if p.answer != "" {
				say(p.answer)
			} else {
				say("250 fine")
			}
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for {
				l, err := r.ReadString('\n')
				if err != nil || l == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(l, "."))
			}
			p.mu.Lock()
			p.letters = append(p.letters, b.String())
			p.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

// take is the one letter that came, read.
func (p *postOffice) take(t *testing.T) (*netmail.Message, string, string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.letters) != 1 {
		t.Fatalf("%d letters; %q", len(p.letters), p.said)
	}
	m, err := netmail.ReadMessage(strings.NewReader(p.letters[0]))
	if err != nil {
		t.Fatal(err)
	}
	p.letters = nil
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m, subject, strings.ReplaceAll(string(body), "\r\n", "\n")
}

// certified is a certificate for 127.0.0.1, and who trusts it.
func certified(t *testing.T) (tls.Certificate, *x509.CertPool) {
	s := httptest.NewTLSServer(nil)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.TLS.Certificates[0], roots
}

func post(t *testing.T, w *world) *postOffice {
	cert, trust := certified(t)
	p := newPostOffice(t, cert)
	m, err := NewMail("smtp://me@"+p.Addr().String(), "hidden", "Carillon <carillon@example.com>", trust)
	w.must(err)
	w.sender.Mail = m
	if text := fmt.Sprintf("%v %+v %#v %s", m, m, m, w.sender.Options.Mail); strings.Contains(text, "hidden") {
		t.Error(text)
	}
	return p
}

func TestMailIsSentWithALinkToEndIt(t *testing.T) {
	w := start(t)
	p := post(t, w)
	s := w.subscribe(topic.Mail, "reader@example.org", topic.Subscribed{})
	d := w.message(s.ARN(), notification.Notification{Subject: "Grüße\r\nBcc: victim@example.org", Message: "line one\n.\nBcc: x@example.org\n\nlast"})
	a := w.sender.Attempt(t.Context(), d)
	if a.Err != nil || a.Says != "SMTP 250" {
		t.Fatalf("%+v", a)
	}
	m, subject, body := p.take(t)
	if m.Header.Get("Bcc") != "" || subject != "Grüße  Bcc: victim@example.org" || m.Header.Get("From") != `"Carillon" <carillon@example.com>` || m.Header.Get("To") != "<reader@example.org>" {
		t.Errorf("%v, %q", m.Header, subject)
	}
	link := base + "/unsubscribe.html?SubscriptionArn=" + url.QueryEscape(s.ARN().String())
	if !strings.HasPrefix(body, "line one\n.\nBcc: x@example.org\n\nlast\n\n-- \n") || !strings.Contains(body, link) || m.Header.Get("List-Unsubscribe") != "<"+link+">" {
		t.Errorf("%q %q", m.Header.Get("List-Unsubscribe"), body)
	}
	if id := m.Header.Get("Message-ID"); id != "<"+d.Key.String()+"@example.com>" {
		t.Errorf("%s", id)
	}
	for _, line := range p.said {
		if strings.HasPrefix(line, "RCPT") && line != "RCPT TO:<reader@example.org>" {
			t.Error(line)
		}
	}
}

func TestMailAsJSONIsTheSignedDocument(t *testing.T) {
	w := start(t)
	p := post(t, w)
	s := w.subscribe(topic.MailJSON, "robot@example.org", topic.Subscribed{})
	if a := w.sender.Attempt(t.Context(), w.message(s.ARN(), notification.Notification{Message: "m"})); a.Err != nil {
		t.Fatal(a.Err)
	}
	_, subject, body := p.take(t)
	if n := w.read(body); n.Message != "m" || subject != "Message of news" {
		t.Errorf("%q, %s", subject, body)
	}
}

func TestWhatAnSMTPServerSaysDecidesWhetherItIsAskedAgain(t *testing.T) {
	w := start(t)
	p := post(t, w)
	s := w.subscribe(topic.Mail, "reader@example.org", topic.Subscribed{})
	d := w.message(s.ARN(), notification.Notification{Message: "m"})
	for answer, want := range map[string]error{"550 no such user": delivery.ErrRefused, "451 later": delivery.ErrUnavailable} {
		p.answer = answer
		if a := w.sender.Attempt(t.Context(), d); !errors.Is(a.Err, want) || a.Says != "SMTP "+answer[:3] {
			t.Errorf("%s: %+v", answer, a)
		}
	}
	good := w.sender.Mail
	w.sender.Mail = nil
	if a := w.sender.Attempt(t.Context(), d); !errors.Is(a.Err, delivery.ErrUnavailable) || !strings.Contains(a.Err.Error(), "--smtp-url") {
		t.Errorf("%+v", a)
	}
	w.sender.Mail, _ = NewMail("smtp://127.0.0.1:1", "", "c@example.com", nil)
	if a := w.sender.Attempt(t.Context(), d); !errors.Is(a.Err, delivery.ErrUnavailable) || !strings.Contains(a.Err.Error(), "cannot be reached") {
		t.Errorf("%+v", a)
	}
	// Without trust in its certificate, no password is sent.
	p.said = nil
	w.sender.Mail, _ = NewMail("smtp://me:hidden@"+p.Addr().String(), "", "c@example.com", nil)
	a := w.sender.Attempt(t.Context(), d)
	if !errors.Is(a.Err, delivery.ErrUnavailable) || strings.Contains(a.Err.Error(), "hidden") || strings.Contains(strings.Join(p.said, " "), "AUTH") {
		t.Errorf("%+v %q", a, p.said)
	}
	w.sender.Mail = good
}

func TestAnSMTPServerThatIsNoneIsRefusedWithoutItsPassword(t *testing.T) {
	for server, from := range map[string]string{
		"": "c@example.com", "h": "c@example.com", "http://u:hidden@h": "c@example.com", "smtp://u:hidden@": "c@example.com", "smtp://u:hidden@h:x": "c@example.com",
		"smtp://u:hidden@h:99999": "c@example.com", "smtp://u:hidden@h/path": "c@example.com", "smtp://u:hidden@h": "nobody", "smtp://:hidden@h": "c@example.com", "smtps://h": "",
	} {
		if _, err := NewMail(server, "", from, nil); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s from %q: %v", server, from, err)
		}
	}
	for _, server := range []string{"smtp://h", "smtps://u:p@h:2465", "smtp://u@h"} {
		if _, err := NewMail(server, "", "c@example.com", nil); err != nil {
			t.Errorf("%s: %v", server, err)
		}
	}
}

func TestAPersonIsAskedByMailAndAnswersOnAPage(t *testing.T) {
	w := start(t)
	w.stop() // the test makes the attempts
	p := post(t, w)
	var asked *delivery.Delivery
	s := topic.Subscription{Topic: news, ID: topic.ID{1}, Protocol: topic.Mail, Endpoint: "reader@example.org"}
	d := w.subscribePending(s)
	asked = d
	if a := w.sender.Attempt(t.Context(), asked); a.Err != nil {
		t.Fatal(a.Err)
	}
	m, subject, body := p.take(t)
	if subject != "Confirm that you want messages of news" || m.Header.Get("List-Unsubscribe") != "" {
		t.Errorf("%q %v", subject, m.Header)
	}
	i := strings.Index(body, base+ConfirmPath)
	if i < 0 {
		t.Fatal(body)
	}
	link, _, _ := strings.Cut(body[i+len(base):], "\n")
	pages := &Pages{Shard: w.store.Shard, Core: w.core}
	if pending := w.get(s.ID).Pending; !pending {
		t.Error("it is confirmed already")
	}
	visit := func(method, link string) string {
		r := httptest.NewRecorder()
		path, query, _ := strings.Cut(link, "?")
		q := httptest.NewRequest(method, link, nil)
		if method == "POST" {
			q = httptest.NewRequest(method, path, strings.NewReader(query))
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		pages.ServeHTTP(r, q)
		return fmt.Sprintf("%d %s", r.Code, r.Body)
	}
	if text := visit("GET", link); !strings.HasPrefix(text, "200") || !strings.Contains(text, news.ARN().String()) || !w.get(s.ID).Pending {
		t.Errorf("%s", text)
	}
	if text := visit("POST", link); !strings.HasPrefix(text, "200") || w.get(s.ID).Pending {
		t.Errorf("%s", text)
	}
	if text := visit("POST", strings.Replace(link, "Token=", "Token=0", 1)); !strings.HasPrefix(text, "404") {
		t.Errorf("%s", text)
	}
	bye := strings.TrimPrefix(unsubscribePage(base, s.ARN().String()), base)
	if text := visit("GET", bye); !strings.HasPrefix(text, "200") || w.get(s.ID).Pending {
		t.Errorf("%s", text)
	}
	if text := visit("POST", bye); !strings.HasPrefix(text, "200") || w.get(s.ID).Endpoint != "" {
		t.Errorf("%s", text)
	}
	for _, link := range []string{ConfirmPath, UnsubscribePath + "?SubscriptionArn=x", ConfirmPath + "?TopicArn=%zz", ConfirmPath + "?TopicArn=" + news.ARN().String()} {
		if text := visit("GET", link); !strings.HasPrefix(text, "400") {
			t.Errorf("%s: %s", link, text)
		}
	}
	if text := visit("GET", UnsubscribePath+"?SubscriptionArn="+url.QueryEscape("arn:aws:sns:eu-west-1:111122223333:<script>:"+s.ID.String())); strings.Contains(text, "<script>") {
		t.Error(text)
	}
}

func FuzzThePagesTakeAnyRequest(f *testing.F) {
	f.Add("POST", ConfirmPath, "TopicArn=arn:aws:sns:eu-west-1:111122223333:news&Token=00")
	f.Add("POST", UnsubscribePath, "SubscriptionArn=arn:aws:sns:eu-west-1:111122223333:news:00000000-0000-0000-0000-000000000001")
	f.Fuzz(func(t *testing.T, method, path, query string) {
		if method == "" || strings.ContainsAny(method, " \r\n\t") {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			w := start(t)
			q := httptest.NewRequest("GET", "/", nil)
			q.Method, q.URL.Path, q.URL.RawQuery = method, path, query
			r := httptest.NewRecorder()
			(&Pages{Shard: w.store.Shard, Core: w.core}).ServeHTTP(r, q)
			if r.Code >= 500 {
				t.Errorf("%d %s", r.Code, r.Body)
			}
			w.stop()
		})
	})
}
