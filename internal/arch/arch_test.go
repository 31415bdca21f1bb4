// Package arch holds the shape of the tree true: which package may import which,
// and what the deterministic ones may not touch. docs/architecture.md has the
// reasons.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/carillon-events/carillon/"

// bands from the top down; imports point to a lower band, or stay within one
// that is marked open. A pattern matches a package or what lies below it.
var bands = []struct {
	name     string
	packages []string
	open     bool // its packages may import each other
}{
	{"command", []string{"cmd/carillon", "test", "carillontest", "examples/go"}, true},
	{"tools", []string{"internal/demo", "internal/bench", "internal/wholebody"}, true},
	{"assembly", []string{"internal/server", "internal/arch"}, true},
	{"edge", []string{"internal/edge", "internal/access", "internal/config", "internal/throttle"}, true},
	{"service", []string{"internal/api", "internal/ingest"}, false},
	{"adapters", []string{"internal/target", "internal/telemetry", "internal/certificate"}, false},
	{"core", []string{"internal/queue", "internal/bus", "internal/archive", "internal/destination", "internal/topic", "internal/mobile", "internal/identity"}, false},
	{"durable", []string{"internal/store", "internal/timer", "internal/delivery", "internal/seal", "internal/session", "internal/keyring", "internal/trail", "internal/audit"}, true},
	{"wire", []string{"internal/wire", "internal/awsjson", "internal/awsquery", "internal/sigv4", "internal/awsmodel", "internal/modelgen", "internal/outbound", "internal/webidentity"}, true},
	{"language", []string{"internal/arn", "internal/event", "internal/pattern", "internal/schedule", "internal/transform", "internal/trace", "internal/meter", "internal/webhook", "internal/cloudevent", "internal/policy", "internal/notification"}, true},
	{"data", []string{"examples"}, false}, // input for demos and tests, embedded
}

// deterministic packages take time and ids as arguments.
var deterministic = []string{"internal/queue", "internal/bus", "internal/archive", "internal/destination", "internal/trail", "internal/audit", "internal/policy", "internal/topic", "internal/mobile", "internal/identity"}

// pure packages need only the standard library.
const pure = "language"

func bandOf(pkg string) int {
	for i, b := range bands {
		for _, p := range b.packages {
			if pkg == p || strings.HasPrefix(pkg, p+"/") {
				return i
			}
		}
	}
	return -1
}

// file is one Go file of the module.
type file struct {
	path, pkg string // relative to the module
	test      bool
	syntax    *ast.File
	set       *token.FileSet
}

func files(t *testing.T) []file {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && rel != "." {
				return fs.SkipDir // a module of its own
			}
			if base := d.Name(); rel != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		all = append(all, file{rel, path.Dir(rel), strings.HasSuffix(rel, "_test.go"), syntax, set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func imports(f file) []string {
	var names []string
	for _, spec := range f.syntax.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err)
		}
		names = append(names, name)
	}
	return names
}

func TestEveryPackageStandsInABand(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range files(t) {
		if !seen[f.pkg] && f.pkg != "." && bandOf(f.pkg) < 0 {
			t.Errorf("%s stands in no band: say in internal/arch where it belongs", f.pkg)
		}
		seen[f.pkg] = true
	}
	if len(seen) < 20 {
		t.Fatalf("found only %d packages", len(seen))
	}
}

func TestImportsPointDown(t *testing.T) {
	for _, f := range files(t) {
		from := bandOf(f.pkg)
		if f.test || from < 0 {
			continue // a test may look at anything
		}
		for _, name := range imports(f) {
			pkg, ours := strings.CutPrefix(name, module)
			if !ours {
				if first, _, _ := strings.Cut(name, "/"); bands[from].name == pure && strings.Contains(first, ".") {
					t.Errorf("%s imports %s: the language band needs only the standard library", f.path, name)
				}
				continue
			}
			to := bandOf(pkg)
			switch {
			case to > from, pkg == f.pkg:
			case to == from && (bands[from].open || sameSubject(pkg, f.pkg)):
			case to == from:
				t.Errorf("%s imports its sibling %s: they meet through a lower band", f.path, pkg)
			default:
				t.Errorf("%s (%s) imports %s (%s): imports point down", f.path, bands[from].name, pkg, bands[to].name)
			}
		}
	}
}

// sameSubject: internal/api/sqs and internal/api/sqs/x are one subject.
func sameSubject(a, b string) bool {
	return strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

func TestTheCoreIsDeterministic(t *testing.T) {
	banned := map[string][]string{
		"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
		"os":   nil, "math/rand": nil, "math/rand/v2": nil, "crypto/rand": nil, "net": nil, "net/http": nil,
	}
	for _, f := range files(t) {
		if f.test || !within(f.pkg, deterministic) {
			continue
		}
		for _, name := range imports(f) {
			if calls, ok := banned[name]; ok && calls == nil {
				t.Errorf("%s imports %s: the core takes what it needs as arguments", f.path, name)
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: the core starts no goroutines", f.set.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" {
					for _, call := range banned["time"] {
						if n.Sel.Name == call {
							t.Errorf("%s: the core reads no clock: use tx.Now", f.set.Position(n.Pos()))
						}
					}
				}
			}
			return true
		})
	}
}

func within(pkg string, of []string) bool {
	for _, p := range of {
		if pkg == p || strings.HasPrefix(pkg, p+"/") {
			return true
		}
	}
	return false
}

func TestOnlyTheStoreKnowsPebble(t *testing.T) {
	for _, f := range files(t) {
		if f.test || within(f.pkg, []string{"internal/store"}) {
			continue
		}
		for _, name := range imports(f) {
			if strings.HasPrefix(name, "github.com/cockroachdb/pebble") {
				t.Errorf("%s imports %s: internal/store is the only door to Pebble", f.path, name)
			}
		}
	}
}

func TestGeneratedFilesSayWhatTheyAre(t *testing.T) {
	for _, f := range files(t) {
		generated := ast.IsGenerated(f.syntax)
		if model := within(f.pkg, []string{"internal/awsmodel"}); model != generated {
			t.Errorf("%s: generated files, and only they, lie below internal/awsmodel", f.path)
		}
	}
}

func TestPackagesAreNamedAfterWhatTheyDo(t *testing.T) {
	vague := map[string]bool{"util": true, "utils": true, "common": true, "helper": true, "helpers": true, "manager": true, "base": true, "impl": true, "misc": true}
	for _, f := range files(t) {
		if vague[f.syntax.Name.Name] {
			t.Errorf("%s: %q says nothing about what the package does", f.path, f.syntax.Name.Name)
		}
	}
}
