package iam

import (
	"context"
	"slices"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetContextKeysForCustomPolicy tells which condition keys policies ask for.
func (s *Service) GetContextKeysForCustomPolicy(ctx context.Context, c *wire.Call, in *model.GetContextKeysForCustomPolicyInput) (*model.GetContextKeysForCustomPolicyOutput, error) {

	keys, err := contextKeys(nil, in.PolicyInputList)
	if err != nil {
		return nil, err
	}
	return &model.GetContextKeysForCustomPolicyOutput{ContextKeyNames: keys}, nil
}

// contextKeys are the condition keys of policies and of texts, each once.
func contextKeys(policies []policy.Policy, texts []string) ([]string, error) {
	more, err := parseAll(texts, "PolicyInputList")
	if err != nil {
		return nil, err
	}
	keys := []string{}
	for _, p := range append(policies, more...) {
		for _, key := range p.Document.Keys() {
			if !slices.ContainsFunc(keys, func(other string) bool { return strings.EqualFold(other, key) }) {
				keys = append(keys, key)
			}
		}
	}
	return keys, nil
}
