"""Addresses of those who keep the portal and its territories."""

from fastapi import APIRouter

from eit.portal.admin import accounts, files, firms, people, territories, trail

router = APIRouter()
for part in (accounts, territories, people, firms, files, trail):
    router.include_router(part.router)
