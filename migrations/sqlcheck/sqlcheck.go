// Package sqlcheck owns the check that every SQL constant of the program is
// understood by the migrated database and allowed to the bot, so that a misspelt
// column is found by a test and not by a person at three in the morning.
//
// The convention it rests on: SQL stands in string constants whose names begin
// with sql (sqlOpenIncident), each one statement that the bot runs. What the
// owner runs is named otherwise. It is a helper for tests.
package sqlcheck

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Statement is one SQL constant.
type Statement struct {
	Name string
	SQL  string
	At   token.Position
}

// Packages returns the directories under root that hold non-test Go files of the
// module at root, sorted. Nested modules, testdata, vendor and hidden directories
// are left out.
func Packages(root string) ([]string, error) {
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if !d.IsDir() {
			if isSource(name) {
				found[filepath.Dir(path)] = true
			}
			return nil
		}
		if path == root {
			return nil
		}
		if name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			return filepath.SkipDir
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
			return filepath.SkipDir
		}
		return nil
	})
	dirs := make([]string, 0, len(found))
	for dir := range found {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	return dirs, err
}

// Statements reads the non-test Go files of a directory and returns its SQL
// constants, those inside functions too, in the order of the source. A constant
// may be put together from others of its package. The error names every constant
// whose value cannot be told, and every variable that bears the name of one,
// which would escape the check.
func Statements(dir string) ([]Statement, error) {
	fset := token.NewFileSet()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, e := range entries {
		if e.IsDir() || !isSource(e.Name()) {
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, nil
	}
	// Imports are not followed and errors not minded: constants that depend on
	// their own package alone are evaluated all the same, and that fast.
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: noImports{}, Error: func(error) {}, FakeImportC: true}
	_, _ = conf.Check(dir, fset, files, info)

	var found []Statement
	var problems []error
	for ident, obj := range info.Defs {
		if !isSQLName(ident.Name) {
			continue
		}
		at := fset.Position(ident.Pos())
		switch obj := obj.(type) {
		case *types.Const:
			if v := obj.Val(); v != nil && v.Kind() == constant.String {
				found = append(found, Statement{Name: ident.Name, SQL: constant.StringVal(v), At: at})
			} else {
				problems = append(problems, fmt.Errorf("%s: %s is not a string made of constants of its own package", at, ident.Name))
			}
		case *types.Var:
			if !obj.IsField() && isString(obj.Type()) {
				problems = append(problems, fmt.Errorf("%s: %s is a variable, so its SQL cannot be checked; make it a constant or name it otherwise", at, ident.Name))
			}
		}
	}
	slices.SortFunc(found, func(a, b Statement) int { return compare(a.At, b.At) })
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return found, errors.Join(problems...)
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}

// isSQLName tells sqlOpen from sqlite and sql itself, which is the usual name of
// an argument.
func isSQLName(name string) bool {
	rest, ok := strings.CutPrefix(name, "sql")
	return ok && rest != "" && (rest[0] < 'a' || rest[0] > 'z')
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func compare(a, b token.Position) int {
	if c := strings.Compare(a.Filename, b.Filename); c != 0 {
		return c
	}
	return a.Offset - b.Offset
}

type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not read", path)
}
