package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// registerTLS shows how handshakes end, and how long the certificate lasts.
func (r *Running) registerTLS(registry *prometheus.Registry) {
	if !r.config.TLS.On() {
		return
	}
	r.handshakes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_tls_handshakes_total", Help: "TLS handshakes of clients, by result: ok, failed.",
	}, []string{"result"})
	r.handshakes.WithLabelValues("ok")
	r.handshakes.WithLabelValues("failed")
	registry.MustRegister(r.handshakes, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "carillon_tls_certificate_expiry_seconds",
		Help: "Seconds until the certificate expires that clients are shown; 0: there is none yet.",
	}, func() float64 {
		if leaf := r.leaf(); leaf != nil {
			return time.Until(leaf.NotAfter).Seconds()
		}
		return 0
	}))
}
