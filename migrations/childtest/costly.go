package childtest

import (
	"fmt"
	"os"
	"path/filepath"
)

// BuildServers is the variable that has servers built which take minutes of a processor;
// make servers sets it.
const BuildServers = "TEST_BUILD_SERVERS"

// Costly is [Once] for what takes so long that nobody who only runs the tests should wait
// for it: it is made only where [BuildServers] is set. Else what was made before is used,
// and an error says how to make it.
func Costly(name, pins string, make func(place string) error) (string, error) {
	return Once(name, pins, func(place string) error {
		if os.Getenv(BuildServers) == "" {
			return fmt.Errorf("%s is not built on this machine; make servers builds it, which takes some minutes, once (%s says what of)", name, filepath.Base(pins))
		}
		return make(place)
	})
}
