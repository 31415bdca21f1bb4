// Package sts is the AWS Security Token Service, as far as callers without
// roles need it: who am I, and whose key is this.
//
// It owns no state: the edge has already found out who is calling. It refuses
// by name what needs roles and temporary credentials.
package sts

import (
	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/wire"
)

// Service implements the operations of STS that there are.
type Service struct {
	model.NotImplemented
	account func(accessKey string) (account string, ok bool)
}

var _ model.Operations = (*Service)(nil)

// New is the table of STS's operations. account tells whose an access key is.
func New(account func(accessKey string) (string, bool)) *wire.Service {
	return model.New(&Service{account: account}, nil)
}
