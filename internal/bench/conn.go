package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"
)

// conn is one keep-alive connection, dialled when it is first needed and again
// after it broke. It is for one goroutine. The context of the call that dials
// ends the connection, so a request needs no deadline of its own.
type conn struct {
	target  Target
	nc      net.Conn
	unhook  func() bool
	answers *answers
	out     []byte
}

func (c *conn) dial(ctx context.Context) error {
	if c.nc != nil {
		return nil
	}
	nc, err := c.target.dial(ctx)
	if err != nil {
		return err
	}
	c.nc, c.answers = nc, newAnswers(nc)
	c.unhook = context.AfterFunc(ctx, func() { nc.Close() })
	return nil
}

func (c *conn) close() {
	if c.nc == nil {
		return
	}
	c.unhook()
	c.nc.Close()
	c.nc = nil
}

// do sends one request and reads its answer, whose body is valid until the next.
func (c *conn) do(ctx context.Context, r *request, body []byte) (answer, error) {
	if err := c.dial(ctx); err != nil {
		return answer{}, err
	}
	c.out = r.append(c.out[:0], time.Now(), body)
	_, err := c.nc.Write(c.out)
	var got answer
	if err == nil {
		got, err = c.answers.next()
	}
	if err != nil || got.close {
		c.close()
	}
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", r.op.target, err)
	}
	return got, nil
}

// refusal is an answer that is not a success.
type refusal struct {
	operation string
	status    int
	body      string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s was answered %d: %s", r.operation, r.status, r.body)
}

// success is do, with any other status than 200 as a *refusal.
func (c *conn) success(ctx context.Context, r *request, body []byte) ([]byte, error) {
	got, err := c.do(ctx, r, body)
	if err != nil {
		return nil, err
	}
	if got.status != 200 {
		return nil, r.refused(got.status, got.body)
	}
	return got.body, nil
}

func (r *request) refused(status int, body []byte) error {
	const enough = 500
	return &refusal{r.op.target, status, string(body[:min(len(body), enough)])}
}

// once sends one request on a connection of its own.
func (t Target) once(ctx context.Context, op operation, body []byte) ([]byte, error) {
	c := &conn{target: t}
	defer c.close()
	return c.success(ctx, newRequest(t, op), body)
}

// call is once for the calls around a measurement. out may be nil.
func (t Target) call(ctx context.Context, op operation, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	got, err := t.once(ctx, op, body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(got, out); err != nil {
		return fmt.Errorf("%s was answered what is not JSON: %w", op.target, err)
	}
	return nil
}
