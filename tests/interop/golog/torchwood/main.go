// Reads the evidence log's tiles, checkpoints, cosignatures and policies with filippo.io/torchwood, a client of public
// logs, and cosigns for it.
//
// One JSON object on standard input, one on standard output. "read": a folder of tiles under a policy. "cosign": one
// more cosignature on a checkpoint, by a new key.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
)

type request struct {
	Do         string
	Folder     string
	Policy     string
	Indexes    []int64
	Checkpoint string
	Name       string
}

type answer struct {
	Error      string
	Origin     string
	Size       int64
	Signatures int
	Entries    [][]byte
	Chosen     [][]byte
	Key        string
	Checkpoint string
}

func read(asked request) (answer, error) {
	policy, err := torchwood.ParsePolicy([]byte(asked.Policy))
	if err != nil {
		return answer{}, err
	}
	tiles, err := torchwood.NewTileFS(os.DirFS(asked.Folder))
	if err != nil {
		return answer{}, err
	}
	octets, err := tiles.ReadEndpoint(context.Background(), "checkpoint")
	if err != nil {
		return answer{}, err
	}
	checkpoint, opened, err := torchwood.VerifyCheckpoint(octets, policy)
	if err != nil {
		return answer{}, err
	}
	client, err := torchwood.NewClient(tiles)
	if err != nil {
		return answer{}, err
	}
	found := answer{Origin: checkpoint.Origin, Size: checkpoint.N, Signatures: len(opened.Sigs)}
	for _, entry := range client.AllEntries(context.Background(), checkpoint.Tree, 0) {
		found.Entries = append(found.Entries, append([]byte{}, entry...))
	}
	if err := client.Err(); err != nil {
		return answer{}, err
	}
	for _, index := range asked.Indexes {
		entry, proof, err := client.Entry(context.Background(), checkpoint.Tree, index)
		if err != nil {
			return answer{}, fmt.Errorf("entry %d: %w", index, err)
		}
		if len(proof) == 0 && checkpoint.N > 1 {
			return answer{}, fmt.Errorf("entry %d: no proof", index)
		}
		found.Chosen = append(found.Chosen, append([]byte{}, entry...))
	}
	return found, nil
}

func cosign(asked request) (answer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return answer{}, err
	}
	signer, err := torchwood.NewCosignatureSigner(asked.Name, private)
	if err != nil {
		return answer{}, err
	}
	policy, err := torchwood.ParsePolicy([]byte(asked.Policy))
	if err != nil {
		return answer{}, err
	}
	_, opened, err := torchwood.VerifyCheckpoint([]byte(asked.Checkpoint), policy)
	if err != nil {
		return answer{}, err
	}
	signed, err := note.Sign(opened, signer)
	if err != nil {
		return answer{}, err
	}
	return answer{Key: signer.Verifier().String(), Checkpoint: string(signed)}, nil
}

func main() {
	var asked request
	var made answer
	err := json.NewDecoder(os.Stdin).Decode(&asked)
	if err == nil && asked.Do == "read" {
		made, err = read(asked)
	} else if err == nil {
		made, err = cosign(asked)
	}
	if err != nil {
		made.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(made); err != nil {
		panic(err)
	}
}
