package loggroup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Group is a log group that there are files of.
type Group struct {
	Account, Region, Name string // of a very long name, what is left of it
	Path                  string // the file that is written
	Bytes                 int64  // of all its files
	ModifiedAt            time.Time
}

// List is the groups in a directory, by account, region and name; none if there
// is no directory.
func List(dir string) (groups []Group, err error) {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*", "*", "*"+extension))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) { // it was rotated meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		region := filepath.Dir(path)
		g := Group{
			Account: filepath.Base(filepath.Dir(region)), Region: filepath.Base(region),
			Name: groupOf(strings.TrimSuffix(filepath.Base(path), extension)), Path: path,
			Bytes: info.Size(), ModifiedAt: info.ModTime(),
		}
		for _, older := range Older(path) {
			if info, err := os.Stat(older); err == nil {
				g.Bytes += info.Size()
			}
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// Older is the files of a group before the one that is written, oldest first.
func Older(path string) (paths []string) {
	for i := 1; ; i++ {
		older := path + "." + strconv.Itoa(i)
		if _, err := os.Stat(older); err != nil {
			return paths
		}
		paths = append([]string{older}, paths...)
	}
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
