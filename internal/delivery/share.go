package delivery

// Sharing is a Target that can keep a body once for several deliveries.
type Sharing interface {
	Target

	// Share prepares a body for n deliveries that are sent in one transaction. It
	// needs no transaction. Nil if they are better off without.
	Share(body []byte, n int) any
}

// InsetSharing is a Sharing for bodies with Insets, too.
type InsetSharing interface {
	Sharing

	// ShareAround is Share for deliveries with Insets at that offset.
	ShareAround(body []byte, at, n int) any
}

// Share is what a target that is named by the service in its ARN makes of a
// body for n deliveries, if it shares bodies. It is their Shared; nil if they are
// better off without. at is the offset of their Insets; -1 if they have none.
func (o *Outbox) Share(service string, body []byte, at, n int) any {
	switch target := o.targets[service].(type) {
	case InsetSharing:
		if at >= 0 {
			return target.ShareAround(body, at, n)
		}
		return target.Share(body, n)
	case Sharing:
		if at < 0 {
			return target.Share(body, n)
		}
	}
	return nil
}

// PrepareAll prepares deliveries that are sent in one transaction. Those that
// have the event itself as their body may share it.
func (o *Outbox) PrepareAll(ds []Delivery, event []byte) {
	for service, target := range o.targets {
		if sharing, ok := target.(Sharing); ok && len(ds) > 1 {
			share(ds, service, event, sharing)
		}
	}
	for i := range ds {
		if ds[i].Unfit == nil {
			o.Prepare(&ds[i])
		}
	}
}

func share(ds []Delivery, service string, event []byte, sharing Sharing) {
	shares := func(d *Delivery) bool { return d.Target.Service == service && d.Event == nil && d.Unfit == nil }
	n := 0
	for i := range ds {
		if shares(&ds[i]) {
			n++
		}
	}
	if n < 2 {
		return
	}
	shared := sharing.Share(event, n)
	for i := range ds {
		if shares(&ds[i]) {
			ds[i].Shared = shared
		}
	}
}
