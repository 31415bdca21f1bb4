package subscriber

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/topic"
)

// Mail is an SMTP server that takes our mail. It prints as its host.
type Mail struct {
	client *mail.Client
	host   string
	from   *netmail.Address
}

func (m *Mail) String() string { return m.host }

// GoString keeps a password out of what prints everything.
func (m *Mail) GoString() string { return m.host }

// NewMail reads where mail goes: smtp://user:password@host:port, which changes to
// TLS if the server can, and must if there is a password; or smtps://, which
// begins with it. password, if there is one, is in place of the URL's. roots is
// who may say that a server is it; nil: whom the system believes.
func NewMail(server, password, from string, roots *x509.CertPool) (*Mail, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("want smtp://user:password@host:port or smtps://…") // and not what it was: it may have a password
	}
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("its sender %.256q is no address such as carillon@example.com", from)
	}
	user := u.User.Username()
	if own, ok := u.User.Password(); ok && password == "" {
		password = own
	}
	if password != "" && user == "" {
		return nil, errors.New("there is a password, and no user in the URL")
	}
	options, err := mailOptions(u, password != "")
	if err != nil {
		return nil, err
	}
	options = append(options, mail.WithTLSConfig(&tls.Config{ServerName: u.Hostname(), RootCAs: roots, MinVersion: tls.VersionTLS12}))
	if password != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(user), mail.WithPassword(password))
	}
	client, err := mail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, errors.New("it cannot be used as an SMTP server")
	}
	return &Mail{client: client, host: u.Hostname(), from: sender}, nil
}

func mailOptions(u *url.URL, secret bool) ([]mail.Option, error) {
	port, policy := 587, mail.TLSOpportunistic
	options := []mail.Option{mail.WithTimeout(timeout)}
	if u.Scheme == "smtps" {
		port = 465
		options = append(options, mail.WithSSL())
	} else if secret {
		policy = mail.TLSMandatory
	}
	if p := u.Port(); p != "" {
		var err error
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, errors.New("its port is no port")
		}
	}
	return append(options, mail.WithPort(port), mail.WithTLSPolicy(policy)), nil
}

// mail sends a document by mail: in words, or as it is.
func (s *Sender) mail(ctx context.Context, to *subscriber, n *notification.Notification) delivery.Answer {
	if s.Mail == nil {
		return unavailable("there is no SMTP server: set --smtp-url")
	}
	l := letter{to: to.sub.Endpoint, id: n.MessageID}
	if to.sub.Protocol == topic.MailJSON {
		if err := s.sign(ctx, to, n); err != nil {
			return unavailable(err.Error())
		}
		l.subject, l.text = subjectOf(to, n), string(n.Append(nil))
	} else {
		s.write(&l, to, n)
	}
	return s.Mail.send(ctx, &l)
}

// letter is a mail.
type letter struct{ to, id, subject, text, unsubscribe string }

func subjectOf(to *subscriber, n *notification.Notification) string {
	name := to.config.DisplayName
	if name == "" {
		name = to.sub.Topic.Topic
	}
	switch {
	case n.Type == notification.Confirm:
		return "Confirm that you want messages of " + name
	case n.Subject != "":
		return n.Subject
	}
	return "Message of " + name
}

// write words a document. What a link leads to changes nothing yet: mail is
// read by machines that follow links (pages.go).
func (s *Sender) write(l *letter, to *subscriber, n *notification.Notification) {
	l.subject = subjectOf(to, n)
	if n.Type == notification.Confirm {
		l.text = "Somebody wants to send you the messages of the topic\n\n  " + n.TopicARN +
			"\n\nIf you want them, follow this link:\n\n  " + confirmPage(s.BaseURL, n.TopicARN, n.Token) +
			"\n\nIf you do not, do nothing: nothing more is sent.\n"
		return
	}
	l.unsubscribe = unsubscribePage(s.BaseURL, to.arn)
	l.text = n.Message + "\n\n-- \nYou get this because you subscribed to " + n.TopicARN + ".\nTo get no more of it: " + l.unsubscribe + "\n"
}

// message is the mail as it is sent. The library encodes what is said, so that
// no text can begin a header.
func (m *Mail) message(l *letter) (*mail.Msg, error) {
	out := mail.NewMsg(mail.WithNoDefaultUserAgent())
	out.FromMailAddress(m.from)
	if err := out.To(l.to); err != nil {
		return nil, err
	}
	out.Subject(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, l.subject))
	out.SetDate()
	// Of the message, so that a repeat is known as one.
	out.SetMessageIDWithValue(l.id + "@" + domainOf(m.from.Address))
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	if l.unsubscribe != "" {
		out.SetGenHeaderPreformatted("List-Unsubscribe", "<"+l.unsubscribe+">")
	}
	out.SetBodyString(mail.TypeTextPlain, l.text)
	return out, nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// send hands a mail to the server.
func (m *Mail) send(ctx context.Context, l *letter) delivery.Answer {
	msg, err := m.message(l)
	if err != nil {
		return refused("the endpoint is no mail address")
	}
	within, cancel := context.WithTimeout(ctx, 2*timeout)
	defer cancel()
	err = m.client.DialAndSendWithContext(within, msg)
	if err == nil || msg.IsDelivered() { // the server has it, whatever came later
		return delivery.Answer{Says: "SMTP 250"}
	}
	var said *mail.SendError
	if errors.As(err, &said) && said.ErrorCode() > 0 {
		a := delivery.Answer{Says: "SMTP " + strconv.Itoa(said.ErrorCode())}
		reason := delivery.ErrUnavailable
		if said.ErrorCode() >= 500 && !said.IsTemp() {
			reason = delivery.ErrRefused
		}
		a.Err = fmt.Errorf("%w: the SMTP server answered %d", reason, said.ErrorCode())
		return a
	}
	return delivery.Answer{Err: fmt.Errorf("%w: %s", delivery.ErrUnavailable, smtpTrouble(err)), Says: "no connection"}
}

// smtpTrouble says what is wrong with the server, without what it was told.
func smtpTrouble(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "the SMTP server's name is not known"
	case errors.As(err, &op):
		return "the SMTP server cannot be reached"
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered), strings.Contains(err.Error(), "auth"):
		return "the SMTP server does not let us in"
	case strings.Contains(err.Error(), "TLS"), strings.Contains(err.Error(), "tls"):
		return "the SMTP server has no TLS that can be trusted"
	}
	return "the SMTP server did not take it"
}
