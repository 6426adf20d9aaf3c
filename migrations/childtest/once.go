package childtest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Once gives the place of something that takes long to make, in a cache outside of the
// tree. It is made once on a machine for each content of pins, the file that says what it
// is made of; make puts it into a place where there is nothing yet.
func Once(name, pins string, make func(place string) error) (place string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "batsignal")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	text, err := os.ReadFile(pins)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	place = filepath.Join(cache, fmt.Sprintf("%s-%x", name, sum[:8]))
	lock, err := os.OpenFile(place+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close() // which ends the lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(place); err == nil {
		return place, nil
	}
	fresh := place + ".new"
	if err := os.RemoveAll(fresh); err != nil { // of one that was broken off
		return "", err
	}
	if err := make(fresh); err != nil {
		return "", err
	}
	return place, os.Rename(fresh, place)
}
