package edge

import (
	"testing"

	"github.com/carillon-events/carillon/internal/wire"
)

func TestWhoChoosesAnotherNameIsTheSameCaller(t *testing.T) {
	for _, c := range []struct{ principal, address, want string }{
		{"arn:aws:iam::111122223333:user/team/orders", "10.0.0.1", "arn:aws:iam::111122223333:user/team/orders"},
		{"arn:aws:iam::111122223333:root", "10.0.0.1", "arn:aws:iam::111122223333:root"},
		{"arn:aws:sts::111122223333:assumed-role/worker/session-1", "", "arn:aws:sts::111122223333:assumed-role/worker"},
		{"arn:aws-cn:sts::111122223333:assumed-role/worker/session-2", "", "arn:aws-cn:sts::111122223333:assumed-role/worker"},
		{"arn:aws:sts::111122223333:federated-user/bob", "", "arn:aws:sts::111122223333:federated-user"},
		{"", "10.0.0.1", "10.0.0.1"},
		{"", "::ffff:10.0.0.1", "::ffff:10.0.0.1"},
		{"", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"", "fe80::1%eth0", "fe80::/64"},
		{"", "no address", "no address"},
	} {
		if got := caller(&wire.Call{Principal: c.principal, SourceIP: c.address}); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
