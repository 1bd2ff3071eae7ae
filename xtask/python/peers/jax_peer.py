"""JAX: a whole epoch in one scan, compiled, with parameters and moments donated."""

import functools
import os
import sys

import protocol

# The pool's size is fixed when the library starts, so it is given on the command line.
THREADS = int(sys.argv[1])
protocol.restrict(THREADS)
os.environ["JAX_PLATFORMS"] = "cpu"
if THREADS == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy  # noqa: E402

ACTIVATIONS = {
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "identity": lambda z: z,
    "softmax": lambda z: z,
}


def forward(case, parameters, x):
    for number, (w, b) in enumerate(parameters, 1):
        x = ACTIVATIONS[case.output if number == len(parameters) else case.hidden](x @ w + b)
    return x


def cost(case, parameters, x, y):
    a = forward(case, parameters, x)
    if case.cost == "quadratic":
        return 0.5 * jnp.sum((a - y) ** 2, axis=1).mean()
    return -jnp.take_along_axis(jax.nn.log_softmax(a), y[:, None], axis=1).mean()


def updated(case, parameters, gradient, moments, t):
    """Parameters and moments after one step."""
    each = jax.tree_util.tree_map
    if case.optimizer == "sgd":
        return each(lambda p, g: p - case.eta * g, parameters, gradient), moments
    if case.optimizer == "momentum":
        v = each(lambda v, g: 0.9 * v + g, moments[0], gradient)
        return each(lambda p, v: p - case.eta * v, parameters, v), (v,)
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8
    m = each(lambda m, g: beta1 * m + (1 - beta1) * g, moments[0], gradient)
    v = each(lambda v, g: beta2 * v + (1 - beta2) * g * g, moments[1], gradient)
    eta = case.eta / (1 - beta1**t)
    root = jnp.sqrt(1 - beta2**t)
    if case.decay:
        parameters = [(w * (1 - case.eta * case.decay), b) for w, b in parameters]
    step = each(lambda p, m, v: p - eta * m / (jnp.sqrt(v) / root + epsilon), parameters, m, v)
    return step, (m, v)


def training(case, x, y):
    @functools.partial(jax.jit, donate_argnums=(0,))
    def epoch(state, order, x, y):
        def step(state, rows):
            parameters, moments, t = state
            c, gradient = jax.value_and_grad(functools.partial(cost, case))(parameters, x[rows], y[rows])
            parameters, moments = updated(case, parameters, gradient, moments, t)
            return (parameters, moments, t + 1), c

        return jax.lax.scan(step, state, order)

    random = numpy.random.default_rng(case.seed)
    parameters = initial(case, random)
    count = {"sgd": 0, "momentum": 1}.get(case.optimizer, 2)
    moments = tuple(jax.tree_util.tree_map(jnp.zeros_like, parameters) for _ in range(count))
    held = [(parameters, moments, jnp.float32(1))]
    steps = len(x) // case.batch
    x, y = jnp.asarray(x), jnp.asarray(y)

    def repetition():
        order = random.permutation(len(x))[: steps * case.batch].reshape(steps, case.batch)
        held[0], costs = epoch(held[0], jnp.asarray(order), x, y)
        return float(costs[-1])

    return repetition


def initial(case, random):
    normal = random.standard_normal
    return [(jnp.asarray(normal((k, j), dtype=numpy.float32) / k**0.5), jnp.zeros(j)) for k, j in case.layers]


def prediction(case, x):
    parameters = initial(case, numpy.random.default_rng(case.seed))
    predict = jax.jit(lambda parameters, x: jax.nn.softmax(forward(case, parameters, x)))
    batches = [jnp.asarray(x[i : i + case.batch]) for i in range(0, len(x), case.batch)]

    def repetition():
        for batch in batches:
            predict(parameters, batch).block_until_ready()

    return repetition


def prepare(case):
    if case.threads != THREADS:
        raise protocol.Skip(f"started for {THREADS} threads")
    x, y = case.load()
    if case.task == "predict":
        return prediction(case, x), "one call a batch"
    if case.cost == "quadratic" and y.dtype == numpy.int64:
        y = numpy.eye(case.widths[-1], dtype=numpy.float32)[y]
    return training(case, x, y), "an epoch in one scan"


if __name__ == "__main__":
    protocol.serve("JAX", jax.__version__, prepare)
