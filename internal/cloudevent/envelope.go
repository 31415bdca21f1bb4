package cloudevent

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// Append appends, in the JSON format, the CloudEvent that an envelope is of: the
// one that came in, or, for an event that was none, what an event of the bus is
// in CloudEvents' words. The envelope is one that the bus wrote.
func Append(dst, envelope []byte) ([]byte, error) {
	e, err := OfEnvelope(envelope)
	if err != nil {
		return dst, err
	}
	return e.AppendJSON(dst), nil
}

// OfEnvelope is the CloudEvent that an envelope is of.
func OfEnvelope(envelope []byte) (e Event, err error) {
	var in struct {
		ID         string          `json:"id"`
		Type       string          `json:"detail-type"`
		Source     string          `json:"source"`
		Time       string          `json:"time"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
		CloudEvent json.RawMessage `json:"cloudevent"`
	}
	if err := json.Unmarshal(envelope, &in); err != nil {
		return e, fmt.Errorf("read an envelope: %w", err)
	}
	e = Event{ID: in.ID, Source: in.Source, Type: in.Type}
	if in.CloudEvent == nil {
		e.Time, e.Kind, e.Data, e.DataContentType = in.Time, JSON, string(in.Detail), "application/json"
		if len(in.Resources) == 1 {
			e.Subject = in.Resources[0]
		}
		return e, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(in.CloudEvent, &members); err != nil {
		return e, fmt.Errorf("read an envelope's cloudevent: %w", err)
	}
	var kind Kind
	if raw, ok := members["data"]; ok {
		if err := json.Unmarshal(raw, &kind); err != nil {
			return e, fmt.Errorf("read an envelope's cloudevent: %w", err)
		}
		delete(members, "data")
	}
	values := map[string]any{"source": in.Source, "type": in.Type}
	for name, raw := range members {
		if values[name], err = attributeValue(name, raw); err != nil {
			return e, err
		}
	}
	if err := e.set(values); err != nil {
		return e, err
	}
	return e, e.fromDetail(kind, in.Detail)
}

// fromDetail is the way back of Detail.
func (e *Event) fromDetail(kind Kind, detail json.RawMessage) error {
	e.Kind = kind
	switch kind {
	case None:
		return nil
	case "":
		e.Kind, e.Data = JSON, string(detail)
		return nil
	}
	var in struct {
		Data    json.RawMessage `json:"data"`
		Encoded string          `json:"data_base64"`
	}
	if err := json.Unmarshal(detail, &in); err != nil {
		return fmt.Errorf("read a detail: %w", err)
	}
	switch kind {
	case JSON:
		e.Data = string(in.Data)
		return nil
	case Text:
		return json.Unmarshal(in.Data, &e.Data)
	case Binary:
		b, err := base64.StdEncoding.DecodeString(in.Encoded)
		e.Data = string(b)
		return err
	}
	return errors.New("an envelope's cloudevent has data of an unknown kind")
}
