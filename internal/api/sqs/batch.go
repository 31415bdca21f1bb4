package sqs

import (
	"errors"
	"strconv"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/wire"
)

const maxBatch = 10

// checkBatch refuses a batch that is wrong as a whole. kind is AWS's name of
// its entries, id the Id of each.
func checkBatch(kind string, n int, id func(i int) string) error {
	say := func(code, message string) error { return &wire.Error{Code: code, Message: message} }
	if n == 0 {
		return say(codeBatchEmpty, "There should be at least one "+kind+" in the request.")
	}
	if n > maxBatch {
		return say(codeBatchMany, "Maximum number of entries per request are "+strconv.Itoa(maxBatch)+". You have sent "+strconv.Itoa(n)+".")
	}
	for i := range n {
		if v := id(i); v == "" || len(v) > 80 || !isWord(v) {
			return say(codeBatchID, "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		for j := range i {
			if id(i) == id(j) {
				return say(codeBatchIDs, "Id "+id(i)+" repeated.")
			}
		}
	}
	return nil
}

// outcomes are the errors of a batch's entries; nil where one went well.
type outcomes [maxBatch]*wire.Error

// note keeps the error of an entry and answers nil; an error that is not the
// client's is answered, as it ends the whole batch.
func (o *outcomes) note(i int, err error) error {
	if err == nil {
		o[i] = nil
		return nil
	}
	if errors.As(err, &o[i]) {
		return nil
	}
	return err
}

// failed is what the client is told of the entries that went wrong.
func (o *outcomes) failed(n int, id func(i int) string) []model.BatchResultErrorEntry {
	out := []model.BatchResultErrorEntry{}
	for i, e := range o[:n] {
		if e != nil {
			out = append(out, model.BatchResultErrorEntry{Id: id(i), SenderFault: true, Code: e.Code, Message: wire.Some(e.Message)})
		}
	}
	return out
}
