/*
 * The plugin interface of kes, version 0: how a key store is added to the server as a shared object.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A plugin is a file `<id>.so` that exports one function, kes_plugin_entry_v0(), and nothing else. The
 * function returns a description of the plugin and the functions of its store. The server (the "host") opens
 * the store that its configuration names and from then on keeps its keys in it: small blobs under short
 * names.
 *
 * TRUST. A plugin runs inside the server, with all its rights, and can read every key in its memory.
 * In-process plugins are trusted code: nothing here defends the host against a plugin that means harm. What
 * the host does check it checks to turn a plugin's mistakes into clear refusals.
 *
 * SHAPE. C11, <stddef.h> and <stdint.h>, LP64 platforms. Integers have fixed widths. Every struct begins with
 * `struct_size` and `abi_minor`, which its owner sets to sizeof(the struct) and KES_ABI_MINOR of the header
 * it was built with. Structs only ever grow at the end; a member may be used only if it lies within
 * `struct_size` (KES_HAS_MEMBER). All members up to and including the one marked "end of minor 0" are always
 * there. Padding and reserved members are zero.
 *
 * OWNERSHIP. Whoever allocates memory frees it; nothing is ever freed across the border. Everything the host
 * passes to a function (call, arguments, sinks, names, values) is a view that is valid until that function
 * returns, unless stated otherwise. Texts are UTF-8. A `const char *` without a size beside it ends in NUL.
 *
 * THREADS AND BLOCKING, as tags on each declaration:
 *   [any-thread]  may be called on any thread at any time, also by several threads at once.
 *   [serial]      never called by two threads at once, though not always by the same one.
 *   [may-block]   may block, but has to return soon after the call's deadline.
 *   [no-block]    returns at once.
 * A plugin leaves what belongs to the process alone: signal handlers and masks, locale, environment, working
 * directory, umask, standard streams, the configuration of OpenSSL. Host threads have all signals blocked.
 *
 * ERRORS. Functions return a code of the closed catalogue below. No exception, longjmp or exit() leaves a
 * plugin. A code outside the catalogue counts as KES_E_INTERNAL.
 */
#ifndef KES_PLUGIN_H
#define KES_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__LP64__)
#error "kes plugins are for LP64 platforms: 64-bit long and pointers"
#endif

#ifdef __cplusplus
#define KES_NOEXCEPT noexcept
#define KES_STATIC_ASSERT static_assert
extern "C" {
#else
#define KES_NOEXCEPT
#define KES_STATIC_ASSERT _Static_assert
#endif

#define KES_EXPORT __attribute__((visibility("default")))

/* The major version is part of the names: `_v0`. A host speaks exactly one. */
#define KES_ABI_MAJOR 0
/* Counts what was appended to the structs since the major version began. */
#define KES_ABI_MINOR 0

/* First thing the host looks at: "KESPLUG" and the major version. */
#define KES_PLUGIN_MAGIC (UINT64_C(0x4b4553504c554700) + KES_ABI_MAJOR)

/* Whether `member` may be used in the struct at `pointer`, which its owner may have built with an older
 * header. */
#define KES_HAS_MEMBER(pointer, type, member) \
  ((pointer)->struct_size >= offsetof(type, member) + sizeof((pointer)->member))

/* Limits, in bytes. */
#define KES_MAX_BLOB 1048576u /* a stored value */
#define KES_MAX_NAME                                                                                         \
  1024u                      /* a name in a listing; names the host asks for are at most 80 of [0-9A-Za-z_-] \
                              */
#define KES_MAX_CURSOR 1024u /* a listing's cursor */
#define KES_MAX_TEXT 1024u   /* an error text, description or line of the log; longer ones are cut */

/*
 * The catalogue. Beside each code: what clients of the server are told when a key call ends with it. The text
 * that goes with an error (kes_call_v0.set_error) is for the server's log only.
 */
#define KES_OK 0
#define KES_E_EXISTS 1      /* 400 "key already exists": create only, and only if the name is taken */
#define KES_E_NOT_FOUND 2   /* 404 "key does not exist": get, remove; the store is certain of it */
#define KES_E_DENIED 3      /* 502: the back end refused the credentials or the permission */
#define KES_E_INVALID 4     /* 502: arguments or configuration the store cannot work with */
#define KES_E_UNAVAILABLE 5 /* 502, 504 for status: the back end cannot be reached, is full or is down */
#define KES_E_TIMEOUT \
  6 /* 502, 504 for status: the back end did not answer in time, and nothing was changed */
#define KES_E_THROTTLED 7   /* 502: the back end asks for fewer calls; give set_error a retry_after_ms */
#define KES_E_CONFLICT 8    /* 502: somebody else changed the same thing; repeating the call may help */
#define KES_E_UNSUPPORTED 9 /* 502: the store has no such operation, version or argument */
#define KES_E_CORRUPT 10    /* 502: what is stored under the name cannot be a value of ours */
#define KES_E_INTERNAL 11   /* 502: a bug, or anything that fits nowhere else */
/* 504 "outcome unknown": a create or remove was sent, and it cannot be told whether it happened. From any
 * other function it counts as KES_E_INTERNAL. */
#define KES_E_OUTCOME_UNKNOWN 12
/* Reserved for calls that complete later. Returning it now counts as KES_E_INTERNAL. */
#define KES_PENDING (-1)

/* Capabilities of a store, bits of kes_plugin_v0.capabilities. Unknown bits are ignored. */
#define KES_CAP_SERIAL UINT64_C(1)      /* store functions are [serial]: the host queues its calls */
#define KES_CAP_NONBLOCKING UINT64_C(2) /* no store function but open and close ever waits for I/O */
#define KES_CAP_ATOMIC_CREATE \
  UINT64_C(4) /* of racing creates of one name exactly one wins, across processes */

/* An open store. Only the plugin knows what is behind it. */
typedef struct kes_store_v0 kes_store_v0;

typedef struct kes_call_v0 kes_call_v0;
typedef struct kes_host_v0 kes_host_v0;
typedef struct kes_blob_sink_v0 kes_blob_sink_v0;
typedef struct kes_list_sink_v0 kes_list_sink_v0;
typedef struct kes_text_sink_v0 kes_text_sink_v0;

/* ---- what the host gives ------------------------------------------------------------------------------- */

/* What a plugin can say about a failure. Filled in by the plugin; the host copies what it needs. */
typedef struct kes_error_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  const char* text; /* for the log: what failed and why. Never a secret. NULL for none */
  uint64_t text_size;
  /* RFC 6901 pointer to the part of the configuration at fault, "/path"; the host prints its file and line.
   * For open; NULL for none. */
  const char* config_pointer;
  uint64_t config_pointer_size;
  uint32_t retry_after_ms; /* how long to leave the back end alone; 0 for unknown */
  uint32_t reserved;       /* end of minor 0 */
} kes_error_v0;

/* One call from the host into the plugin. Valid until the function it was passed to returns, on any thread.
 */
struct kes_call_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* The answer is not awaited after this time of CLOCK_MONOTONIC, in nanoseconds. Always set. */
  uint64_t deadline_ns;
  /* The same for all calls made on behalf of one request, for the log; 0 for the host's own. */
  uint64_t request_id;
  /* [any-thread] [no-block] Nonzero once nobody waits for the answer any more: return with whatever code as
   * soon as that is safe. Never so for create and remove, whose effect would be in doubt. */
  int32_t (*cancelled)(const kes_call_v0* call) KES_NOEXCEPT;
  /* [any-thread] [no-block] Says more about the error code this function is going to return. The last one
   * counts; with KES_OK it is ignored. */
  void (*set_error)(const kes_call_v0* call, const kes_error_v0* error) KES_NOEXCEPT; /* end of minor 0 */
};

/* Takes one value from the plugin. [serial] */
struct kes_blob_sink_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  uint64_t max_size; /* the largest size that reserve takes */
  /* [no-block] `size` bytes to write the value to, 16-byte aligned, or NULL if there is no memory, `size` is
   * above max_size, or it was called before: at most once. The memory is locked, belongs to the host, is zero
   * at first, and is good until the function that was given the sink returns. */
  void* (*reserve)(kes_blob_sink_v0* sink, uint64_t size)KES_NOEXCEPT;
  /* [no-block] The first `size` bytes of the reserved memory are the value. Exactly once before KES_OK is
   * returned; never otherwise. KES_E_INVALID if that is not so, and then the whole call fails. */
  int32_t (*commit)(kes_blob_sink_v0* sink, uint64_t size) KES_NOEXCEPT; /* end of minor 0 */
};

/* Takes one page of names from the plugin. [serial] */
struct kes_list_sink_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* [no-block] One name: 1 … KES_MAX_NAME bytes of UTF-8 without control characters. Nonzero: the host has
   * enough, or the name was not one; return KES_OK soon. */
  int32_t (*emit)(kes_list_sink_v0* sink, const char* name, uint64_t size) KES_NOEXCEPT;
  /* [no-block] There is more after this page, and these bytes, 1 … KES_MAX_CURSOR, passed to the next call
   * say where. At most once a page. Within one listing no cursor may come twice. Not called: the listing
   * ends. */
  int32_t (*set_cursor)(kes_list_sink_v0* sink, const void* cursor,
                        uint64_t size) KES_NOEXCEPT; /* end of minor 0 */
};

/* Takes one text from the plugin. [serial] */
struct kes_text_sink_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* [no-block] Replaces what was written before. */
  void (*write)(kes_text_sink_v0* sink, const char* text, uint64_t size) KES_NOEXCEPT; /* end of minor 0 */
};

/* The host as one open store sees it. Valid from open until close has returned. */
struct kes_host_v0 {
  uint32_t struct_size;
  uint32_t abi_minor; /* of the host */
  const char* name;   /* program and version for logs and user agents: "kes/1.0.0" */
  /* [any-thread] [no-block] The host's extension of that id ("kes.log.1", see kes/ext/), or NULL if it has
   * none: then do without. Valid as long as the host object. */
  const void* (*get_extension)(const kes_host_v0* host, const char* id)KES_NOEXCEPT; /* end of minor 0 */
};

/* ---- arguments of the store's functions -----------------------------------------------------------------
 */

typedef struct kes_open_args_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  const kes_host_v0* host;
  /* The plugin's part of the configuration as JSON (RFC 8259), valid by config_schema, references to the
   * environment resolved. Scalars are strings as they stand in the file, "5" and "true" too. It may hold
   * secrets: wipe what you copy. kes/ext/config.h spares you the parsing. */
  const char* config;
  uint64_t config_size;
  kes_store_v0** store; /* out: what the other functions get; set before returning KES_OK. end of minor 0 */
} kes_open_args_v0;

typedef struct kes_close_args_v0 {
  uint32_t struct_size;
  uint32_t abi_minor; /* end of minor 0 */
} kes_close_args_v0;

typedef struct kes_status_args_v0 {
  uint32_t struct_size;
  uint32_t abi_minor; /* end of minor 0 */
} kes_status_args_v0;

typedef struct kes_create_args_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  const char* name; /* not NUL-terminated */
  uint64_t name_size;
  const void* blob;   /* secret: wipe what you copy */
  uint64_t blob_size; /* 1 … KES_MAX_BLOB. end of minor 0 */
} kes_create_args_v0;

typedef struct kes_get_args_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  const char* name; /* not NUL-terminated */
  uint64_t name_size;
  uint64_t version; /* 0 for the default, the only one so far; KES_E_UNSUPPORTED for others you do not know */
  kes_blob_sink_v0* sink; /* end of minor 0 */
} kes_get_args_v0;

typedef struct kes_remove_args_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  const char* name;   /* not NUL-terminated */
  uint64_t name_size; /* end of minor 0 */
} kes_remove_args_v0;

typedef struct kes_list_args_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  const char* prefix; /* names that do not start with it are of no use; the host drops them. May be empty */
  uint64_t prefix_size;
  const void* cursor; /* where the page starts, as given to set_cursor; empty for the first page */
  uint64_t cursor_size;
  kes_list_sink_v0* sink; /* end of minor 0 */
} kes_list_args_v0;

typedef struct kes_describe_args_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  kes_text_sink_v0* sink; /* end of minor 0 */
} kes_describe_args_v0;

/* ---- what the plugin gives ------------------------------------------------------------------------------
 */

/*
 * The functions of a store. [any-thread] unless KES_CAP_SERIAL, [may-block] unless KES_CAP_NONBLOCKING; open
 * and close may always block. `store` is what open handed out. Several stores may be open at a time, also two
 * of one configuration: on a reload the host opens the new one before it closes the old one.
 */
typedef struct kes_store_functions_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* Opens a store. Checks what can be checked now: that the configuration works and the back end can be used.
   * On failure nothing stays open, and *args->store is not looked at. */
  int32_t (*open)(const kes_call_v0* call, const kes_open_args_v0* args) KES_NOEXCEPT;
  /* Ends a store: no other call is inside, none comes after. Frees everything, also when it returns an error.
   */
  int32_t (*close)(kes_store_v0* store, const kes_call_v0* call, const kes_close_args_v0* args) KES_NOEXCEPT;
  /* KES_OK if the back end answers, as cheaply as it can be asked. */
  int32_t (*status)(kes_store_v0* store, const kes_call_v0* call,
                    const kes_status_args_v0* args) KES_NOEXCEPT;
  /* Stores a value under a name that is not taken, else KES_E_EXISTS. KES_OK only when the value will survive
   * a crash of this machine. After a crash on the way the name is either free or holds the whole value. */
  int32_t (*create)(kes_store_v0* store, const kes_call_v0* call,
                    const kes_create_args_v0* args) KES_NOEXCEPT;
  /* The value under the name through args->sink, or KES_E_NOT_FOUND. */
  int32_t (*get)(kes_store_v0* store, const kes_call_v0* call, const kes_get_args_v0* args) KES_NOEXCEPT;
  /* Deletes the name and its value for good. KES_E_NOT_FOUND if there is none; a back end that cannot tell
   * returns KES_OK. */
  int32_t (*remove)(kes_store_v0* store, const kes_call_v0* call,
                    const kes_remove_args_v0* args) KES_NOEXCEPT;
  /* One page of names through args->sink, in any order, each name at most once per listing. Names that are
   * there from beginning to end of a listing must come; others may. */
  int32_t (*list)(kes_store_v0* store, const kes_call_v0* call, const kes_list_args_v0* args) KES_NOEXCEPT;
  /* end of minor 0; what follows may be NULL */

  /* [no-block] Kind and place of the store for a person, "Filesystem: /var/lib/kes"; never a secret. Called
   * once after open. Without it the host shows the plugin's name. */
  int32_t (*describe)(kes_store_v0* store, const kes_call_v0* call,
                      const kes_describe_args_v0* args) KES_NOEXCEPT;
} kes_store_functions_v0;

/*
 * A plugin. Constant, valid as long as the library is loaded (the host never unloads it). Strings must not be
 * NULL unless stated.
 */
typedef struct kes_plugin_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;    /* KES_ABI_MINOR the plugin was built with */
  uint64_t magic;        /* KES_PLUGIN_MAGIC */
  uint64_t capabilities; /* KES_CAP_* */
  const char* id;      /* [a-z][a-z0-9-]{0,31}: the file is <id>.so, and so is it called in configurations */
  const char* name;    /* for a person: "Filesystem" */
  const char* version; /* of the plugin: "1.2.0" */
  const char* vendor;  /* who made it */
  const char* licence; /* SPDX expression: "Apache-2.0" */
  const char* url;     /* where to read on; may be empty */
  const char* build;   /* whatever identifies the build; may be empty */
  const char* config_schema; /* JSON Schema (draft 7) of the configuration; a JSON object, at most 64 KiB */
  const kes_store_functions_v0* store;
  uint32_t min_host_minor; /* the oldest KES_ABI_MINOR of a host that will do; usually 0 */
  uint32_t reserved;       /* end of minor 0; what follows may be NULL */

  /* [any-thread] [no-block] The plugin's extension of that id, or NULL if it has none. */
  const void* (*get_extension)(const char* id)KES_NOEXCEPT;
} kes_plugin_v0;

/*
 * The one symbol a plugin exports. [any-thread] [no-block] Without side effects: it is also called to list
 * plugins that are never used. Returns the same every time, never NULL.
 */
KES_EXPORT const kes_plugin_v0* kes_plugin_entry_v0(void) KES_NOEXCEPT;

/* The layout, pinned. */
KES_STATIC_ASSERT(sizeof(kes_error_v0) == 48, "layout of kes_error_v0");
KES_STATIC_ASSERT(offsetof(kes_error_v0, text) == 8, "layout of kes_error_v0");
KES_STATIC_ASSERT(offsetof(kes_error_v0, config_pointer) == 24, "layout of kes_error_v0");
KES_STATIC_ASSERT(offsetof(kes_error_v0, retry_after_ms) == 40, "layout of kes_error_v0");
KES_STATIC_ASSERT(sizeof(kes_call_v0) == 40, "layout of kes_call_v0");
KES_STATIC_ASSERT(offsetof(kes_call_v0, deadline_ns) == 8, "layout of kes_call_v0");
KES_STATIC_ASSERT(offsetof(kes_call_v0, cancelled) == 24, "layout of kes_call_v0");
KES_STATIC_ASSERT(offsetof(kes_call_v0, set_error) == 32, "layout of kes_call_v0");
KES_STATIC_ASSERT(sizeof(kes_blob_sink_v0) == 32, "layout of kes_blob_sink_v0");
KES_STATIC_ASSERT(offsetof(kes_blob_sink_v0, reserve) == 16, "layout of kes_blob_sink_v0");
KES_STATIC_ASSERT(offsetof(kes_blob_sink_v0, commit) == 24, "layout of kes_blob_sink_v0");
KES_STATIC_ASSERT(sizeof(kes_list_sink_v0) == 24, "layout of kes_list_sink_v0");
KES_STATIC_ASSERT(offsetof(kes_list_sink_v0, set_cursor) == 16, "layout of kes_list_sink_v0");
KES_STATIC_ASSERT(sizeof(kes_text_sink_v0) == 16, "layout of kes_text_sink_v0");
KES_STATIC_ASSERT(sizeof(kes_host_v0) == 24, "layout of kes_host_v0");
KES_STATIC_ASSERT(offsetof(kes_host_v0, get_extension) == 16, "layout of kes_host_v0");
KES_STATIC_ASSERT(sizeof(kes_open_args_v0) == 40, "layout of kes_open_args_v0");
KES_STATIC_ASSERT(offsetof(kes_open_args_v0, config) == 16, "layout of kes_open_args_v0");
KES_STATIC_ASSERT(offsetof(kes_open_args_v0, store) == 32, "layout of kes_open_args_v0");
KES_STATIC_ASSERT(sizeof(kes_close_args_v0) == 8, "layout of kes_close_args_v0");
KES_STATIC_ASSERT(sizeof(kes_status_args_v0) == 8, "layout of kes_status_args_v0");
KES_STATIC_ASSERT(sizeof(kes_create_args_v0) == 40, "layout of kes_create_args_v0");
KES_STATIC_ASSERT(offsetof(kes_create_args_v0, blob) == 24, "layout of kes_create_args_v0");
KES_STATIC_ASSERT(sizeof(kes_get_args_v0) == 40, "layout of kes_get_args_v0");
KES_STATIC_ASSERT(offsetof(kes_get_args_v0, version) == 24, "layout of kes_get_args_v0");
KES_STATIC_ASSERT(offsetof(kes_get_args_v0, sink) == 32, "layout of kes_get_args_v0");
KES_STATIC_ASSERT(sizeof(kes_remove_args_v0) == 24, "layout of kes_remove_args_v0");
KES_STATIC_ASSERT(sizeof(kes_list_args_v0) == 48, "layout of kes_list_args_v0");
KES_STATIC_ASSERT(offsetof(kes_list_args_v0, cursor) == 24, "layout of kes_list_args_v0");
KES_STATIC_ASSERT(offsetof(kes_list_args_v0, sink) == 40, "layout of kes_list_args_v0");
KES_STATIC_ASSERT(sizeof(kes_describe_args_v0) == 16, "layout of kes_describe_args_v0");
KES_STATIC_ASSERT(offsetof(kes_store_functions_v0, open) == 8, "layout of kes_store_functions_v0");
KES_STATIC_ASSERT(offsetof(kes_store_functions_v0, close) == 16, "layout of kes_store_functions_v0");
KES_STATIC_ASSERT(offsetof(kes_store_functions_v0, status) == 24, "layout of kes_store_functions_v0");
KES_STATIC_ASSERT(offsetof(kes_store_functions_v0, create) == 32, "layout of kes_store_functions_v0");
KES_STATIC_ASSERT(offsetof(kes_store_functions_v0, get) == 40, "layout of kes_store_functions_v0");
KES_STATIC_ASSERT(offsetof(kes_store_functions_v0, remove) == 48, "layout of kes_store_functions_v0");
KES_STATIC_ASSERT(offsetof(kes_store_functions_v0, list) == 56, "layout of kes_store_functions_v0");
KES_STATIC_ASSERT(offsetof(kes_store_functions_v0, describe) == 64, "layout of kes_store_functions_v0");
KES_STATIC_ASSERT(sizeof(kes_store_functions_v0) == 72, "layout of kes_store_functions_v0");
KES_STATIC_ASSERT(offsetof(kes_plugin_v0, magic) == 8, "layout of kes_plugin_v0");
KES_STATIC_ASSERT(offsetof(kes_plugin_v0, capabilities) == 16, "layout of kes_plugin_v0");
KES_STATIC_ASSERT(offsetof(kes_plugin_v0, id) == 24, "layout of kes_plugin_v0");
KES_STATIC_ASSERT(offsetof(kes_plugin_v0, config_schema) == 80, "layout of kes_plugin_v0");
KES_STATIC_ASSERT(offsetof(kes_plugin_v0, store) == 88, "layout of kes_plugin_v0");
KES_STATIC_ASSERT(offsetof(kes_plugin_v0, min_host_minor) == 96, "layout of kes_plugin_v0");
KES_STATIC_ASSERT(offsetof(kes_plugin_v0, get_extension) == 104, "layout of kes_plugin_v0");
KES_STATIC_ASSERT(sizeof(kes_plugin_v0) == 112, "layout of kes_plugin_v0");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* KES_PLUGIN_H */
