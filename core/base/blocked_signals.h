#pragma once

#include <pthread.h>

#include <csignal>

namespace kes::base {

// A thread inherits the signal mask of its creator: while one of these lives, new threads are deaf to all
// signals. Those are the main thread's business, and must not interrupt what they wait for.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace kes::base
