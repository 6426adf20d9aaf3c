//go:build !race

package main

// raceBuild has the program under test watched for data races when the tests are.
const raceBuild = false
