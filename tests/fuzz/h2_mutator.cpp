// Mutates HTTP/2 by frames: a change inside one keeps the lengths right, which blind mutations would nearly
// always break.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "base/bytes.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t capacity);

namespace kes::fuzz {
namespace {

constexpr std::size_t kFrameHead = 9;

struct Frame {
  base::Bytes head;  // shorter than 9 bytes at the end of a broken input
  base::Bytes payload;
};

std::vector<Frame> framesOf(base::ByteView input) {
  std::vector<Frame> frames;
  while (!input.empty()) {
    const auto head = input.first(std::min(kFrameHead, input.size()));
    input = input.subspan(head.size());
    std::size_t size = 0;
    if (head.size() == kFrameHead) size = head[0] << 16 | head[1] << 8 | head[2];
    const auto payload = input.first(std::min(size, input.size()));
    input = input.subspan(payload.size());
    frames.push_back({{head.begin(), head.end()}, {payload.begin(), payload.end()}});
  }
  return frames;
}

void fixLength(Frame& frame) {
  const auto size = frame.payload.size();
  frame.head.resize(kFrameHead);
  for (int i = 0; i < 3; ++i) frame.head[i] = static_cast<std::uint8_t>(size >> (16 - 8 * i));
}

void mutatePayload(Frame& frame) {
  auto& payload = frame.payload;
  const auto size = payload.size();
  payload.resize(size + 64);
  payload.resize(LLVMFuzzerMutate(payload.data(), size, payload.size()));
  fixLength(frame);
}

// Type, flags or stream; the length stays.
void mutateHead(Frame& frame, std::mt19937& random) {
  frame.head.resize(kFrameHead);
  switch (random() % 3) {
    case 0:
      frame.head[3] = static_cast<std::uint8_t>(random() % 12);
      break;
    case 1:
      frame.head[4] ^= static_cast<std::uint8_t>(1U << random() % 6);
      break;
    default:
      frame.head[8] = static_cast<std::uint8_t>(random() % 16);
      break;
  }
}

void mutate(std::vector<Frame>& frames, std::mt19937& random) {
  const auto any = [&] { return frames.begin() + static_cast<std::ptrdiff_t>(random() % frames.size()); };
  switch (random() % 6) {
    case 0:
      frames.erase(any());
      break;
    case 1: {
      auto copy = *any();
      frames.insert(any(), std::move(copy));
      break;
    }
    case 2:
      std::iter_swap(any(), any());
      break;
    case 3:
      mutateHead(*any(), random);
      break;
    default:
      mutatePayload(*any());
      break;
  }
}

}  // namespace
}  // namespace kes::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t capacity,
                                               unsigned seed) {
  using namespace kes;
  std::mt19937 random(seed);
  if (size < 2 || random() % 8 == 0) return LLVMFuzzerMutate(data, size, capacity);
  auto control = data[size - 1];
  if (random() % 8 == 0) control = static_cast<std::uint8_t>(random());
  auto frames = fuzz::framesOf({data, size - 1});
  fuzz::mutate(frames, random);

  base::Bytes mutated;
  for (const auto& frame : frames) {
    mutated.insert(mutated.end(), frame.head.begin(), frame.head.end());
    mutated.insert(mutated.end(), frame.payload.begin(), frame.payload.end());
  }
  mutated.resize(std::min(mutated.size(), capacity - 1));
  mutated.push_back(control);
  std::ranges::copy(mutated, data);
  return mutated.size();
}
