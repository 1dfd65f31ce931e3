#pragma once
/// Packs bytes as gz, bz2, xz or zst for tests.

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <string>
#include <string_view>

namespace lockstep::tests {

inline std::string packed(std::string_view bytes, const std::string& suffix) {
  namespace io = boost::iostreams;
  std::string result;
  io::filtering_ostream out;
  if (suffix == ".gz") out.push(io::gzip_compressor());
  if (suffix == ".bz2") out.push(io::bzip2_compressor());
  if (suffix == ".xz") out.push(io::lzma_compressor());
  if (suffix == ".zst") out.push(io::zstd_compressor());
  out.push(io::back_inserter(result));
  io::copy(io::array_source(bytes.data(), bytes.size()), out);
  return result;
}

}  // namespace lockstep::tests
