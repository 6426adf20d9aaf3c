package pgtest

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
)

// Each test that asks for a database has some 800 small files made and removed. On a
// disk half of the time of the tests is the file system's, ext4 above all, which looks
// for names of files (inodes) that were not free a moment ago.
const (
	memoryDir   = "/dev/shm"
	memoryMagic = 0x01021994 // of tmpfs, statfs(2)

	// What must be free before databases go into memory. A test binary uses 0.1 to 1 GB
	// of it, and as many run at once as there are processors.
	memoryLeast = 4 << 30
)

// runsDir is where the servers of tests have their files: in memory, or in the temporary
// directory where that is scarce, as in most containers, or where TMPDIR names one.
func runsDir() string {
	if os.Getenv("TMPDIR") != "" || !roomy(memoryDir) || available("/proc/meminfo") < memoryLeast {
		return os.TempDir()
	}
	return memoryDir
}

// roomy tells whether a directory is in memory, has room enough, and takes files of ours.
func roomy(dir string) bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil || int64(fs.Type) != memoryMagic || int64(fs.Bavail)*int64(fs.Bsize) < memoryLeast {
		return false
	}
	const write, walk = 2, 1
	return syscall.Access(dir, write|walk) == nil
}

// available is how many bytes of memory can be had without swapping, 0 if that cannot be
// told.
func available(meminfo string) int64 {
	f, err := os.Open(meminfo)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kB int64
		if n, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kB); n == 1 {
			return kB << 10
		}
	}
	return 0
}
