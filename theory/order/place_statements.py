"""Order statistics of any place: moments, and products of two."""

from maxout.theory.conditions import PLACE_EXISTS, PLACES_IN_ORDER, rank_at_least, rank_at_most
from maxout.theory.domain import Domain, Range
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.places import CLOSED_PRODUCTS, PlacedProduct, moment_by_largest
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, other_place, place

_PLACES = "X_{1:K} <= ... <= X_{K:K}: K independent N(0,1) in order"

STATEMENTS = (
    Statement(
        key="order.place.moment",
        title="moments of the r-th smallest of K normals, through largest ones",
        left=r"\mathbb{E}[X_{r:K}^t]",
        relation=Relation.EQ,
        build=lambda t: moment_by_largest(place, K, t),
        definitions=(_PLACES, "integer t >= 1"),
        domain=Domain(PLACE_EXISTS, limits=(rank_at_most(200),)),
        source=Source("david2003", "recurrences between moments of order statistics"),
        proof="order-places.md#moments",
        parameters=(place,),
        orders=(1, 2, 3),
    ),
    Statement(
        key="order.place.product",
        title="the mean product of two places of at most six normals, in closed form",
        left=r"\mathbb{E}[X_{r:K} X_{s:K}]",
        relation=Relation.EQ,
        build=lambda t: PlacedProduct(place, other_place, K),
        definitions=(_PLACES,),
        domain=Domain(PLACES_IN_ORDER, limits=(rank_at_most(CLOSED_PRODUCTS),)),
        source=Source("godwin1949", "product moments of few normals"),
        proof="order-places.md#products",
        parameters=(place, other_place),
    ),
    Statement(
        key="order.place.neighbours",
        title="the mean product of the largest and the second largest of K normals",
        left=r"\mathbb{E}[X_{K:K} X_{K-1:K}]",
        relation=Relation.EQ,
        build=lambda t: LargestNormalMoment(K, 2) - 1,
        definitions=(_PLACES,),
        domain=Domain(rank_at_least(2)),
        range=Range.NON_NEGATIVE,
        source=Source("godwin1949", "product moments of few normals"),
        proof="order-places.md#neighbours",
    ),
)
