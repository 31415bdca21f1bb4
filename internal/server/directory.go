package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/carillon-events/carillon/internal/keyring"
)

// Holds is what a directory is used for.
type Holds int

const (
	// HoldsNothing: it is empty or not there, or what stands there is no directory.
	HoldsNothing Holds = iota
	// HoldsData: it is a data directory.
	HoldsData
	// HoldsOther: it has files, and none that says data directory.
	HoldsOther
)

// Look says what dir holds and, where that is somebody else's, names a file. It
// changes nothing, not even by a lock.
func Look(dir string) (Holds, string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return HoldsNothing, "" // whoever opens it says why it cannot
	}
	stray := ""
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "marker.manifest."):
			return HoldsData, ""
		case ownOrNobodys(name):
		case stray == "":
			stray = name
		}
	}
	if stray == "" {
		return HoldsNothing, ""
	}
	return HoldsOther, stray
}

// ownOrNobodys is true of what a start that was cut short leaves, of what a
// fresh file system has in it, of hidden files, and of the certificate that a
// server makes itself, also where it keeps nothing else.
func ownOrNobodys(name string) bool {
	if name == "LOCK" || name == "lost+found" || name == tlsDirectory || name == keyring.FileName || name == keyring.FileName+".tmp" {
		return true
	}
	for _, begin := range []string{".", "marker.", "MANIFEST-", "OPTIONS-", "temporary."} {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	number, isLog := strings.CutSuffix(name, ".log")
	return isLog && strings.Trim(number, "0123456789") == ""
}

// refuseForeign keeps --data from filling somebody's home directory with files
// that nobody could tell apart again.
func refuseForeign(dir string) error {
	if holds, name := Look(dir); holds == HoldsOther {
		return fmt.Errorf("open %s: it holds %s and no Carillon data: choose a directory that is empty or does not exist", dir, name)
	}
	return nil
}

// WantData is an error unless dir is a data directory.
func WantData(dir string) error {
	if _, err := os.ReadDir(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open %s: there is no such directory", dir)
	}
	if holds, _ := Look(dir); holds != HoldsData {
		return fmt.Errorf("open %s: there is no Carillon data in it", dir)
	}
	return nil
}
