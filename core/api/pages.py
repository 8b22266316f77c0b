"""Pages of lists."""

from rest_framework.pagination import CursorPagination, PageNumberPagination


class PageNumbers(PageNumberPagination):
    """`?page=2&page_size=50`, at most 100 a page: for lists that people know the length of."""

    page_size_query_param = "page_size"
    max_page_size = 100


class Keyset(CursorPagination):
    """`?cursor=…&page_size=50`: the next page costs the same however long the list is.

    For lists that grow without end. A view may set `ordering`; it needs an index, and its last
    field should be unique.
    """

    ordering: str | tuple[str, ...] = "-pk"
    page_size_query_param = "page_size"
    max_page_size = 100
