package sts

import "github.com/carillon-events/carillon/internal/wire"

func unknownKey(accessKey string) error {
	return &wire.Error{Code: "ValidationError", Message: "AccessKeyId " + accessKey + " is of no account here."}
}
