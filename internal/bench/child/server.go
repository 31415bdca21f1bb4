package child

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Server is a Carillon server in a child process.
type Server struct {
	*Process
	Endpoint string        // http://127.0.0.1:port
	Ready    time.Duration // from the start of the process to its first healthy answer
}

// ServerOptions says how to start a server.
type ServerOptions struct {
	Executable string
	Listen     string // 127.0.0.1:port
	Data       string // directory
	Durability string
	Flags      []string // further flags of carillon serve
}

// readyWithin bounds how long a server may take to answer.
const readyWithin = 60 * time.Second

// StartServer starts a server and returns when it answers /health.
func StartServer(ctx context.Context, o ServerOptions) (*Server, error) {
	args := []string{"serve", "--listen", o.Listen, "--data", o.Data, "--durability", o.Durability}
	start := time.Now()
	p, err := Start(o.Executable, append(args, o.Flags...)...)
	if err != nil {
		return nil, fmt.Errorf("start a server: %w", err)
	}
	s := &Server{Process: p, Endpoint: "http://" + o.Listen}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := p.Await(ctx, s.healthy); err != nil {
		_ = p.Kill() // the first error is the one to tell
		return nil, fmt.Errorf("start a server: %w", err)
	}
	s.Ready = time.Since(start)
	return s, nil
}

func (s *Server) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+"/health", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("/health is answered %s", resp.Status)
	}
	return nil
}

// FreeAddress is a loopback address that nobody listens on now.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
