package forge

import "batsignal/incidents/action"

// Written is what an issue says, for tests.
func Written(i action.Issue) (title, description string) {
	return titleOf(i), descriptionOf(i, markOf(i.Key))
}

// Mark is what an issue is found again by, for tests.
func Mark(key string) string { return markOf(key) }
