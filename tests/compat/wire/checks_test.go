package wire

import (
	"encoding/json"
	"fmt"
)

// isCiphertext accepts the answer of encrypt to a plaintext of n bytes.
func isCiphertext(n int) func([]byte) error {
	return func(body []byte) error {
		var answer struct {
			Ciphertext []byte `json:"ciphertext"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return err
		}
		if want := n + 16 + 16 + 12; len(answer.Ciphertext) != want {
			return fmt.Errorf("the ciphertext has %d bytes, expected %d", len(answer.Ciphertext), want)
		}
		return nil
	}
}

// isDataKey accepts the answer of generate.
func isDataKey(body []byte) error {
	var answer struct {
		Plaintext  []byte `json:"plaintext"`
		Ciphertext []byte `json:"ciphertext"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if len(answer.Plaintext) != 32 || len(answer.Ciphertext) != 32+44 {
		return fmt.Errorf("the data key has %d bytes and its ciphertext %d", len(answer.Plaintext), len(answer.Ciphertext))
	}
	return nil
}

// isMAC accepts the answer of hmac.
func isMAC(body []byte) error {
	var answer struct {
		HMAC []byte `json:"hmac"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if len(answer.HMAC) != 32 {
		return fmt.Errorf("the code has %d bytes", len(answer.HMAC))
	}
	return nil
}
