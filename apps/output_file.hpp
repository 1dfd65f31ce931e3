#pragma once
/// A file that a command writes piece by piece and that appears when it is whole.

#include <string>

#include "dist/communicator.hpp"

namespace lockstep::apps {

class OutputFile {
 public:
  /// COLLECTIVE. The driver starts a temporary file beside `path`. @throws AgreedError (FileError)
  OutputFile(const dist::Communicator& ranks, const std::string& path);
  ~OutputFile();  ///< removes what is not whole
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// On the driver. @throws FileError
  void append(const std::string& text);

  /// COLLECTIVE. Puts the file in its place. @throws AgreedError (FileError)
  void finish();

 private:
  const dist::Communicator& ranks_;
  std::string path_, temporary_;  // no temporary: it is in its place
};

}  // namespace lockstep::apps
