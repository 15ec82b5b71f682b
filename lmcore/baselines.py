"""Plain models to stand beside the trained ones: if counting words is enough, the book says so."""

from __future__ import annotations

from scipy.sparse import hstack, spmatrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from lmcore.data import Task


def tfidf_accuracy(train: Task, test: Task) -> float:
    """The share of ``test`` that a logistic regression over TF-IDF weights of single words gets
    right, having seen ``train``.

    Of a pair it also sees the weights of the words that both texts share, so that it can judge
    their overlap. It sees no order of words.
    """
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    vectorizer.fit(text for e in train.examples for text in (e.text, e.text_pair) if text)
    classifier = LogisticRegression(C=10.0, max_iter=1000)
    classifier.fit(_features(vectorizer, train), [e.label for e in train.examples])
    return classifier.score(_features(vectorizer, test), [e.label for e in test.examples])


def _features(vectorizer: TfidfVectorizer, task: Task) -> spmatrix:
    texts = vectorizer.transform(e.text for e in task.examples)
    if task.examples[0].text_pair is None:
        return texts
    pairs = vectorizer.transform(e.text_pair for e in task.examples)
    overlap = texts.multiply(pairs)
    return hstack([pairs, overlap, overlap.sum(1)]).tocsr()
