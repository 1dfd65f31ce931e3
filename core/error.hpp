#pragma once
/// The errors of Lockstep: what happened, where, and what to do about it.
///
/// Exceptions are for what stops the job; the end of the data or "no checkpoint yet" are values.
/// One subclass per exit code. `expects` is for what only a bug can cause.

#include <cstdint>
#include <stdexcept>
#include <string>

namespace lockstep {

/// Exit codes of the lockstep executable. They are a promise to batch scripts.
enum class ExitCode {
  Done = 0,
  Internal = 1,       ///< a bug in Lockstep
  Config = 2,         ///< config or usage
  Data = 3,           ///< the rows
  File = 4,           ///< missing, unwritable, damaged files
  Numeric = 5,        ///< NaN or infinite loss
  Communication = 6,  ///< a rank or the network failed
  Stopped = 75,       ///< stopped by a signal after a checkpoint: requeue me
};

/// Where an error happened. Fields that are not known stay empty or negative.
struct Where {
  std::string file{};
  std::int64_t line = -1;    ///< 1-based
  std::int64_t column = -1;  ///< 1-based
  std::string field{};       ///< a config path such as stage[1].network.epochs, or a column name
  std::int64_t partition = -1;
  int rank = -1;
};

/// "file:line:column: field" as far as known, without rank; empty if nothing is known.
std::string to_string(const Where& where);

class Error : public std::runtime_error {
 public:
  Error(const std::string& what, Where where, std::string advice, ExitCode code)
      : std::runtime_error(what),
        where_(std::move(where)),
        advice_(std::move(advice)),
        code_(code) {}

  const Where& where() const noexcept { return where_; }
  const std::string& advice() const noexcept { return advice_; }
  ExitCode exit_code() const noexcept { return code_; }

 private:
  Where where_;
  std::string advice_;
  ExitCode code_;
};

/// Defines one leaf of the hierarchy. A macro only because the five constructors differ in nothing
/// else.
#define LOCKSTEP_ERROR(Name, Code)                                                    \
  class Name final : public Error {                                                   \
   public:                                                                            \
    explicit Name(const std::string& what, Where where = {}, std::string advice = {}) \
        : Error(what, std::move(where), std::move(advice), ExitCode::Code) {}         \
  }

LOCKSTEP_ERROR(ConfigError, Config);
LOCKSTEP_ERROR(DataError, Data);
LOCKSTEP_ERROR(FileError, File);
LOCKSTEP_ERROR(NumericError, Numeric);
LOCKSTEP_ERROR(CommunicationError, Communication);
LOCKSTEP_ERROR(InternalError, Internal);
#undef LOCKSTEP_ERROR

/// Every rank holds this error (dist::all_or_none has compared notes): the driver prints it once,
/// all leave together. Or every rank of one group of ranks holds it: its speaker prints it once, if
/// nothing has caught it.
class AgreedError final : public Error {
 public:
  using Error::Error;

  /// The same error, held by `group` alone: "group 1 (ranks 2-3)"; `speaker` is its first rank.
  AgreedError of_group(std::string group, int speaker) const {
    AgreedError error = *this;
    error.group_ = std::move(group);
    error.speaker_ = speaker;
    return error;
  }
  const std::string& group() const noexcept { return group_; }  ///< empty: all ranks hold it
  int speaker() const noexcept { return speaker_; }             ///< 0: the driver

 private:
  std::string group_;
  int speaker_ = 0;
};

/// "error: WHAT\n   at: WHERE\n hint: ADVICE\n rank: RANK\n   of: GROUP", ready to print, without
/// what is not known.
std::string describe(const std::exception& error, int rank = -1);

/// The exit code an exception stands for; ExitCode::Internal for foreign exceptions, std::bad_alloc
/// included.
ExitCode exit_code_of(const std::exception& error) noexcept;

/// Throws InternalError("broken promise: ...") unless `condition` holds.
inline void expects(bool condition, const char* promise) {
  if (!condition) throw InternalError(std::string("broken promise: ") + promise);
}

}  // namespace lockstep
