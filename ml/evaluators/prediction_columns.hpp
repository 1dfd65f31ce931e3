#pragma once
/// Which columns hold what a model predicts and what is compared with it. Evaluators, predictions,
/// the report and searches know a model by these alone.

#include <string>
#include <vector>

#include "data/table.hpp"

namespace lockstep::ml {

/// What a model predicts.
enum class Task {
  Multiclass,      ///< prediction = class 0 .. classes - 1, probability of each
  Binary,          ///< the same of two classes; class 1 is the positive one
  Regression,      ///< prediction = a number, or a vector of numbers
  Reconstruction,  ///< prediction = the input again; score = its error
  Translation,     ///< prediction = the words of a text
  Clustering,      ///< prediction = cluster 0 .. classes - 1
};

/// Names of columns; empty: there is none.
struct PredictionColumns {
  Task task = Task::Regression;
  bool open = false;                     ///< task and classes depend on rows that are not read yet
  std::size_t classes = 0;               ///< of a classifier, or clusters
  std::vector<std::string> class_names;  ///< one a class, where they have names

  // Read from the rows. A row may lack them, and so may a file of rows to be predicted.
  std::string label = {};       ///< class, number, vector, or the words of the target
  std::string weight = {};      ///< number >= 0; without it each row counts 1
  std::string anomaly = {};     ///< 1 for a known anomaly, 0 else
  std::string features = {};    ///< numbers, vectors or images that are finite
  bool float_features = false;  ///< ... and in the range of a float
  bool skips_invalid = false;   ///< rows whose features are not are left out; else an error

  // Added by the model.
  std::string prediction = {};
  std::string probability = {};     ///< vector, one a class
  std::string raw_prediction = {};  ///< vector, one a class: scores, larger is likelier
  std::string score = {};           ///< number: larger is likelier an anomaly
};

/// The same without the columns that rows of this schema do not have.
PredictionColumns within(PredictionColumns columns, const data::Schema& schema);

/// A class by its name, or its number where it has none.
std::string class_name(const PredictionColumns& columns, std::size_t index);

}  // namespace lockstep::ml
