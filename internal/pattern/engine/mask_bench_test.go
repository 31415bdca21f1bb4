package engine

import "testing"

func BenchmarkMask(b *testing.B) {
	event := []byte(benchEvent())
	blocks := make([]block, blocksOf(event))
	eachMask(b, func(name string) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(event)))
			for b.Loop() {
				maskEvent(blocks, event)
			}
		})
	})
}

func benchEvent() string {
	s := `{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created","source":"aws.s3","account":"111122223333","time":"2021-11-12T00:00:00Z","region":"ca-central-1","resources":["arn:aws:s3:::DOC-EXAMPLE-BUCKET1"],"detail":{`
	for i := range 20 {
		s += `"field` + string(rune('a'+i)) + `":"value of the field",`
	}
	return s + `"last":{"x":[1,2,{"y":true}]}}}`
}
