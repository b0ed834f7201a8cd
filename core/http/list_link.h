#pragma once

namespace kes::http {

// One place in a circular list that its elements carry in themselves.
struct ListLink {
  ListLink* previous = this;
  ListLink* next = this;

  ListLink() noexcept = default;
  ListLink(const ListLink&) = delete;
  ListLink& operator=(const ListLink&) = delete;

  [[nodiscard]] bool linked() const noexcept { return next != this; }
  void unlink() noexcept {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
  }
  void insertBefore(ListLink& position) noexcept {
    previous = position.previous;
    next = &position;
    previous->next = this;
    position.previous = this;
  }
};

}  // namespace kes::http
