# Run at build time with -DSOURCE, -DIN, -DOUT: writes the version of the checkout into OUT, touching it only when the
# commit has changed. A packager outside git sets KES_VERSION and KES_COMMIT in the environment.
set(KES_VERSION "$ENV{KES_VERSION}")
set(KES_COMMIT "$ENV{KES_COMMIT}")
if(KES_VERSION STREQUAL "")
  set(ENV{TZ} UTC)
  execute_process(COMMAND git -C ${SOURCE} log -1 --format=%cd --date=format-local:%Y-%m-%dT%H-%M-%SZ
                  OUTPUT_VARIABLE KES_VERSION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND git -C ${SOURCE} rev-parse HEAD
                  OUTPUT_VARIABLE KES_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(KES_VERSION STREQUAL "")
  set(KES_VERSION "<unknown>")
endif()
if(KES_COMMIT STREQUAL "")
  set(KES_COMMIT "<unknown>")
endif()
configure_file(${IN} ${OUT} @ONLY)
