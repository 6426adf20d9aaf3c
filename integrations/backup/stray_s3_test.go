package backup_test

import (
	"testing"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/s3"
	"batsignal/integrations/s3/s3test"
	"batsignal/migrations/childtest"
)

// On a real S3 server: a backup that the database does not know is found in the bucket and proven
// from there, and an object that came too late is removed when its run is over for two days.
func TestStraysOfABucket(t *testing.T) {
	childtest.Long(t)
	server := s3test.Start(t)
	server.Bucket(t, "backups")
	bucket, err := s3.NewStore(s3.StoreConfig{Prefix: "bot/", BucketConfig: s3.BucketConfig{
		Endpoint: server.Endpoint, Bucket: "backups", Region: s3test.Region, AccessKey: s3test.AccessKey, SecretKey: s3test.Secret(), Insecure: true,
	}})
	must(t, err)
	w := newWorld(t)
	w.now = time.Now() // as the server dates what it has
	w.take.Places[1] = place.Named{Name: "cloud", OffSite: true, Place: bucket}
	w.verify.Places = w.take.Places
	w.source.Bulk = 40 << 20 // in parts
	lost := w.taken()
	w.lost(lost)
	late := w.taken()
	w.over(late.RunID, job.Cancelled)
	// The run did not keep it, and its object is there: as if the server had made it at last.
	if _, err := w.db.Exec(t.Context(), `update snapshot set state = 'broken' where id = $1`, late.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Exec(t.Context(), `update snapshot_copy set gone_at = $2 where snapshot_id = $1`, late.ID, w.now); err != nil {
		t.Fatal(err)
	}
	w.swept()
	files, err := bucket.List(t.Context(), "nightly/")
	if list := w.list(); err != nil || len(files) != 6 || len(list) != 2 || list[1].ID == lost.ID || !list[1].Found() || len(list[1].Copies) != 2 {
		t.Fatalf("%v %v %+v", files, err, list)
	}
	w.now = w.now.Add(49 * time.Hour)
	res, _ := w.swept()
	if files, err = bucket.List(t.Context(), "nightly/"); err != nil || len(files) != 3 || files[0].Key != lost.Copies[0].Key {
		t.Error(files, err, res.Said)
	}
	found := w.list()[1]
	if _, _, err := w.do(w.verify, w.run("verify", job.Params{"snapshot": itoa(found.ID)})); err != nil || !w.get(found.ID).Verified() {
		t.Errorf("%v %+v", err, w.get(found.ID))
	}
}
