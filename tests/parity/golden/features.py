#!/usr/bin/python3
"""Writes features.hpp beside this file: what scikit-learn's and SciPy's feature stages do, in float64.

Debian's python3-sklearn: /usr/bin/python3 tests/parity/golden/features.py
"""
import os
import re

import numpy
import scipy.fft
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.feature_selection import f_classif, f_regression
from sklearn.preprocessing import RobustScaler, StandardScaler

cancer = load_breast_cancer()
diabetes = load_diabetes(scaled=False)
digits = load_digits().data
wave = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0]


def braces(numbers):
    return "{" + ", ".join(repr(float(x)) for x in numbers) + "}"


def largest_positive(components):
    """Of each row the entry of largest magnitude."""
    places = numpy.argmax(numpy.abs(components), axis=1)
    return components * numpy.sign(components[numpy.arange(len(components)), places])[:, None]


def pca(name, rows, k):
    fitted = PCA(k, svd_solver="full").fit(rows)
    components = largest_positive(fitted.components_)
    centred = (rows[:2] - fitted.mean_) @ components.T
    return (f"inline const PcaCase {name}{{\n    {braces(fitted.explained_variance_ratio_)},\n"
            f"    {braces(components.T.ravel())},\n    {braces(centred.ravel())}}};\n")


def words(text):
    """Spark's Tokenizer: cut at every single blank, empty words behind the last one dropped."""
    found = re.split("[ \\t\\n\\x0b\\f\\r]", text.lower())
    while len(found) > 1 and found[-1] == "":
        found.pop()
    return found


def idf(name, path):
    """Reviews "label TAB text". Spark's weight is scikit-learn's smooth one less 1: its sum of tf * idf loses the sum of tf."""
    repository = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
    with open(os.path.join(repository, path), encoding="utf-8", newline="\n") as file:
        texts = [line.rstrip("\n").split("\t", 1)[1] for line in file]
    counter = CountVectorizer(analyzer=words, min_df=5)
    counts = counter.fit_transform(texts).astype(float)
    model = TfidfTransformer(norm=None, smooth_idf=True).fit(counts)
    weighed = model.transform(counts)
    vocabulary = counter.get_feature_names_out()
    # From the most to the least frequent; plain words only, so that no quoting is needed.
    plain = [j for j in numpy.argsort(model.idf_, kind="stable") if vocabulary[j].isalpha() and vocabulary[j].isascii()]
    some = plain[::len(plain) // 8][:8]
    first = numpy.asarray(weighed.sum(axis=1)).ravel()[:5] - numpy.asarray(counts.sum(axis=1)).ravel()[:5]
    shown = ", ".join(f'{{"{vocabulary[j]}", {float(model.idf_[j]) - 1!r}}}' for j in some)
    return (f"inline const IdfCase {name}{{\n    {len(texts)}, {len(vocabulary)}, {float(counts.sum())!r}, "
            f"{float(model.idf_.sum()) - len(vocabulary)!r},\n    {float(weighed.sum() - counts.sum())!r}, {{{shown}}},\n"
            f"    {braces(first)}}};\n")


def quartiles(rows):
    """Values of the columns themselves: the ceil(p n)-th smallest."""
    return numpy.quantile(rows, [.25, .5, .75], axis=0, method="inverted_cdf")


scaler = StandardScaler().fit(cancer.data)
anova = f_classif(cancer.data, cancer.target)
regression = f_regression(diabetes.data, diabetes.target)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "features.hpp"), "w") as out:
    out.write(f"""#pragma once
/// Made by features.py beside this file with scikit-learn {sklearn.__version__}. Do not edit.
// clang-format off

#include <string>
#include <utility>
#include <vector>

namespace lockstep::tests::golden {{

using List = std::vector<double>;

// breast_cancer, StandardScaler: scale is the population's deviation, sqrt((n - 1) / n) of the sample's.
inline const List kCancerMean{braces(scaler.mean_)};
inline const List kCancerPopulationScale{braces(scaler.scale_)};

// breast_cancer against its class, f_classif; diabetes (not scaled) against its target, f_regression.
inline const List kCancerAnovaF{braces(anova[0])};
inline const List kCancerAnovaP{braces(anova[1])};
inline const List kDiabetesRegressionF{braces(regression[0])};
inline const List kDiabetesRegressionP{braces(regression[1])};

struct PcaCase {{
  List shares;
  List pc;      ///< [features, k] row-major, the largest entry of each column positive
  List scores;  ///< [2, k] of the first two rows, centred
}};
""")
    out.write(pca("kCancerPca", cancer.data, 3))
    out.write(pca("kDigitsPca", digits, 4))
    low, middle, high = quartiles(diabetes.data)
    robust = RobustScaler().fit(diabetes.data)
    out.write(f"""
// diabetes (not scaled), quartiles: NumPy's "inverted_cdf", and scikit-learn's RobustScaler, which takes the mean of neighbours.
inline const List kDiabetesLowerQuartile{braces(low)};
inline const List kDiabetesMedian{braces(middle)};
inline const List kDiabetesUpperQuartile{braces(high)};
inline const List kDiabetesRobustCenter{braces(robust.center_)};

struct IdfCase {{
  std::size_t rows, words;  ///< words in at least 5 rows
  double tf, idf, tf_idf;   ///< sums over all rows, over the words, over all rows
  std::vector<std::pair<std::string, double>> some;
  List first;  ///< sums of tf * idf of the first rows
}};

// CountVectorizer and TfidfTransformer. Food reviews of scripts/datasets, film reviews of ../shared/datasets.
""")
    out.write(idf("kFoodReviews", "datasets/reviews.train.txt"))
    out.write(idf("kFilmReviews", "../shared/datasets/text/reviews.train.txt"))
    out.write(f"""
// SciPy's dct and idct, norm="ortho".
inline const List kWave{braces(wave)};
inline const List kWaveDct{braces(scipy.fft.dct(wave, norm="ortho"))};
inline const List kWaveInverseDct{braces(scipy.fft.idct(wave, norm="ortho"))};

}}  // namespace lockstep::tests::golden
""")
