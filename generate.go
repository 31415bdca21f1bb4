// Package carillon is the root of the module; it holds only the go:generate
// lines. The program is cmd/carillon.
package carillon

//go:generate go run ./internal/modelgen generate -models models -out internal/awsmodel sqs events sns sts iam
//go:generate go run ./internal/modelgen compat -out docs/compat.md sqs events sns sts iam
//go:generate go run ./internal/modelgen permissions -out docs/permissions.md sqs events sns sts iam
